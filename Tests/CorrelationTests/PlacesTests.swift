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

    @Test("another one that is given its inode is another namespace") func inodeGivenAgain() {
        var places = places([("old", 7)], watching: ["old"])
        for namespaces in [[], [("new", UInt64(7))]] {
            places.replace(topology(namespaces))
            places.rebuild()
        }
        _ = places.declare(VantageID(rawValue: 1), .link("new", "eth0", .in))
        places.rebuild()
        #expect(place(0, in: places).namespace != place(1, in: places).namespace)
        #expect(places.point(place(0, in: places)).namespace == "old")
        #expect(places.point(place(1, in: places)).namespace == "new")
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

    @Test("a vantage point of a hook that is not known has no place, those beside it have theirs") func unknownHook() {
        var places = places([("web", 7)], watching: ["web"])
        let hook = VantagePoint(namespace: "web", kind: .netfilter, hook: "midrouting", stage: .filter, edge: .after)
        _ = places.declare(VantageID(rawValue: 1), hook)
        _ = places.declare(VantageID(rawValue: 2), .hook("web", .input, .filter, .after))
        places.rebuild()
        #expect(places.place(of: 1) == -1)
        #expect(place(0, in: places).phase == .linkIn && place(2, in: places).phase == .input)
    }

    @Test("what is joined is asked of the network graph: peer, bridge, the device below, in whichever namespace")
    func joints() throws {
        func link(_ name: String, _ index: UInt32, _ kind: LinkKind, _ change: (inout Link) -> Void = { _ in }) -> Link
        {
            var link = Link(name: name, index: index, kind: kind)
            change(&link)
            return link
        }
        let host = Namespace(
            name: "host", inode: 1, path: "",
            links: [
                link("br0", 2, .bridge), link("eth0", 3, .ethernet),
                link("veth0", 4, .veth) {
                    $0.master = "br0"
                    $0.peer = Link.Peer(namespace: "web", device: "eth0")
                },
            ])
        let web = Namespace(
            name: "web", inode: 7, path: "",
            links: [
                link("eth0", 2, .veth) { $0.peer = Link.Peer(namespace: "host", device: "veth0") },
                link("mac0", 3, .macvlan) {
                    $0.lower = "eth0"
                    $0.lowerNamespace = "host"
                },
            ])
        var places = Places()
        places.replace(Topology(host: "box", time: "", namespaces: [host, web]))
        places.rebuild()
        func number(_ namespace: String, _ device: String) -> Int32 {
            places.device(namespace: places.area(named: namespace), name: device)
        }
        func device(_ namespace: String, _ name: String) -> Device { places.devices[Int(number(namespace, name))] }
        #expect(device("host", "veth0").peer == number("web", "eth0"))
        #expect(device("web", "eth0").peer == number("host", "veth0"))
        #expect(device("host", "veth0").master == number("host", "br0") && device("host", "br0").isBridge)
        #expect(device("web", "mac0").lower == number("host", "eth0"))
        #expect(places.device(namespace: places.area(named: "web"), index: 3) == number("web", "mac0"))
        #expect(places.device(namespace: places.area(named: "web"), index: 4) == -1)
    }
}
