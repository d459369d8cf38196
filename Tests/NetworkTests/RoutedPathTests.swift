import Testing
import Wire

@testable import Network

/// Which namespaces a packet passes by routes and wires: a web server behind a bridge of the host, a WAN beyond its uplink.
@Suite struct RoutedPathTests {
    private static func veth(
        _ name: String, _ index: UInt32, to peer: (String, String)?, _ address: String? = nil, master: String? = nil
    ) -> Link {
        Link(
            name: name, index: index, kind: .veth, addresses: address.flatMap { IPPrefix($0) }.map { [$0] } ?? [],
            master: master, peer: peer.map { Link.Peer(namespace: $0.0, device: $0.1) })
    }

    private static func route(_ destination: String, via gateway: String? = nil, on device: String) -> Route? {
        IPPrefix(destination).map {
            Route(destination: $0, table: .main, gateway: gateway.flatMap { IPAddress($0) }, device: device)
        }
    }

    private static let topology: Topology = {
        let host = Namespace(
            name: "host", inode: 1, path: "",
            links: [
                Link(name: "br0", index: 2, kind: .bridge, addresses: [IPPrefix("172.19.0.1/24")].compactMap(\.self)),
                veth("v1", 3, to: ("web", "eth0"), master: "br0"), veth("v2", 4, to: ("db", "eth0"), master: "br0"),
                veth("eth0", 5, to: ("wan", "wan0"), "203.0.113.2/24"),
                Link(name: "eth1", index: 6, kind: .ethernet, addresses: [IPPrefix("192.0.2.1/24")].compactMap(\.self)),
            ],
            routes: [
                route("172.19.0.0/24", on: "br0"), route("203.0.113.0/24", on: "eth0"),
                route("192.0.2.0/24", on: "eth1"), route("0.0.0.0/0", via: "203.0.113.1", on: "eth0"),
            ].compactMap(\.self))
        func guest(_ name: String, _ port: String, _ address: String) -> Namespace {
            Namespace(
                name: name, inode: UInt64(address.count + name.count), path: "",
                links: [veth("eth0", 2, to: ("host", port), "\(address)/24")],
                routes: [
                    route("172.19.0.0/24", on: "eth0"), route("0.0.0.0/0", via: "172.19.0.1", on: "eth0"),
                ].compactMap(\.self))
        }
        let wan = Namespace(
            name: "wan", inode: 4, path: "",
            links: [
                Link(
                    name: "lo", index: 1, kind: .loopback, addresses: [IPPrefix("198.51.100.1/32")].compactMap(\.self)),
                veth("wan0", 2, to: ("host", "eth0"), "203.0.113.1/24"),
            ], routes: [route("203.0.113.0/24", on: "wan0")].compactMap(\.self))
        return Topology(
            host: "lab", time: "",
            namespaces: [host, guest("web", "v1", "172.19.0.2"), guest("db", "v2", "172.19.0.3"), wan])
    }()

    private func path(_ from: String, _ to: String, translates: (Namespace) -> Bool = { _ in false }) throws
        -> [String]?
    {
        NetworkGraph(Self.topology).routedPath(from: from, to: try #require(IPAddress(to)), translates: translates)
    }

    @Test func overARouter() throws {
        #expect(try path("web", "198.51.100.1") == ["web", "host", "wan"])
        #expect(try path("web", "203.0.113.1") == ["web", "host", "wan"])
    }

    @Test func overABridgeThatAnotherNamespaceHas() throws {
        #expect(try path("web", "172.19.0.3") == ["web", "host", "db"])
    }

    @Test func toItselfAndToItsRouter() throws {
        #expect(try path("web", "172.19.0.2") == ["web"])
        #expect(try path("web", "172.19.0.1") == ["web", "host"])
    }

    @Test func outOfWhatCanBeSeen() throws {
        #expect(try path("web", "192.0.2.77") == ["web", "host"])
    }

    @Test func whereItCantBeTold() throws {
        // wan has no route to the private network.
        #expect(try path("wan", "172.19.0.2") == nil)
        // Nobody holds it.
        #expect(try path("web", "172.19.0.9") == nil)
        #expect(try path("web", "198.51.100.1") { $0.name == "host" } == nil)
        #expect(try path("none-such", "198.51.100.1") == nil)
    }
}
