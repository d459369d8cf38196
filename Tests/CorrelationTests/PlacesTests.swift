import Network
import Observations
import Testing
import Wire

@testable import Correlation

/// Namespaces are known by inode; names change and are given again.
@Suite struct PlacesTests {
    private func topology(_ namespaces: [(name: String, inode: UInt64)]) -> Topology {
        let namespaces = namespaces.map {
            Namespace(
                name: $0.name, inode: $0.inode, path: "/run/netns/\($0.name)",
                links: [
                    Link(name: "eth0", index: 2, kind: "veth", addresses: [prefix("10.0.0.1/24")].compactMap(\.self))
                ])
        }
        return Topology(host: "box", time: "2026-11-23T01:58:14Z", namespaces: namespaces)
    }

    private func places(_ namespaces: [(name: String, inode: UInt64)], watching names: [String]) -> Places {
        var places = Places()
        places.replace(topology(namespaces))
        for (number, name) in names.enumerated() {
            _ = places.declare(VantageID(rawValue: UInt32(number)), .link(name, "eth0", .in))
        }
        places.rebuild()
        return places
    }

    private func place(_ number: UInt32, in places: Places) -> Place { places.places[Int(places.place(of: number))] }

    @Test("one that gets another name stays the same, and bears the new one") func renamed() {
        var places = places([("netns:7", 7)], watching: ["netns:7"])
        places.replace(topology([("web", 7)]))
        _ = places.declare(VantageID(rawValue: 1), .link("web", "eth0", .out))
        places.rebuild()
        #expect(place(0, in: places).namespace == place(1, in: places).namespace)
        #expect(place(0, in: places).device == place(1, in: places).device)
        #expect(places.point(place(0, in: places)).namespace == "web")
        #expect(places.area(named: "netns:7") == places.area(named: "web"))
    }

    @Test("another one with its name is another namespace") func replaced() {
        var places = places([("web", 7)], watching: ["web"])
        let first = places.area(named: "web")
        places.replace(topology([("web", 8)]))
        _ = places.declare(VantageID(rawValue: 1), .link("web", "eth0", .in))
        places.rebuild()
        #expect(places.area(named: "web") != first)
        #expect(place(0, in: places).namespace == first)
        #expect(place(1, in: places).namespace == places.area(named: "web"))
        #expect(place(0, in: places).device != place(1, in: places).device)
        #expect(places.namespace(first) == nil)
        #expect(!places.holds(address("10.0.0.1"), in: first))
        #expect(places.namespace(places.area(named: "web"))?.inode == 8)
    }

    @Test("names that two exchange do not exchange what was seen in them") func exchanged() {
        var places = places([("a", 7), ("b", 8)], watching: ["a", "b"])
        places.replace(topology([("b", 7), ("a", 8)]))
        places.rebuild()
        #expect(places.point(place(0, in: places)).namespace == "b")
        #expect(places.point(place(1, in: places)).namespace == "a")
        #expect(places.area(named: "a") == place(1, in: places).namespace)
    }

    @Test("one that was named before a snapshot knew it is the one of that name") func namedBefore() {
        var places = Places()
        _ = places.declare(VantageID(rawValue: 0), .link("web", "eth0", .in))
        places.rebuild()
        places.replace(topology([("web", 7)]))
        places.rebuild()
        #expect(places.area(named: "web") == place(0, in: places).namespace)
        #expect(places.holds(address("10.0.0.1"), in: place(0, in: places).namespace))
    }
}
