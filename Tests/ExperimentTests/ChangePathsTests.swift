import Network
import Probes
import Snapshot
import Testing
import WalkModel
import Wire

@testable import Experiment

/// Four namespaces in a row: web 10.0.1.2, r1 10.0.1.1 and 10.0.2.1, r2 10.0.2.2 and 10.0.3.1, db 10.0.3.9. Both routers forward.
private struct Row {
    var namespaces: [Namespace]

    init() throws {
        func namespace(_ name: String, _ links: [(address: String, peer: String)]) throws -> Namespace {
            var namespace = Namespace(name: name, inode: 1, path: "/run/netns/\(name)")
            namespace.links = [Link(name: "lo", index: 1, kind: .loopback)]
            for (number, one) in links.enumerated() {
                var link = Link(name: "eth\(number)", index: UInt32(number + 2), kind: .veth)
                link.isUp = true
                link.addresses = [try #require(IPPrefix(one.address))]
                link.peer = Link.Peer(namespace: one.peer, device: "eth0")
                namespace.links.append(link)
            }
            namespace.sysctls["net.ipv4.ip_forward"] = links.count > 1 ? "1" : "0"
            return namespace
        }
        namespaces = [
            try namespace("web", [("10.0.1.2/24", "r1")]),
            try namespace("r1", [("10.0.1.1/24", "web"), ("10.0.2.1/24", "r2")]),
            try namespace("r2", [("10.0.2.2/24", "r1"), ("10.0.3.1/24", "db")]),
            try namespace("db", [("10.0.3.9/24", "r2")]),
        ]
    }

    mutating func addDefault(_ index: Int, via gateway: String, dev device: String) throws {
        var route = Route(destination: try #require(IPPrefix("0.0.0.0/0")), device: device)
        route.nextHops = [Route.NextHop(gateway: IPAddress(gateway), device: device)]
        namespaces[index].routes.append(route)
    }

    func catalogue(to destination: String, sysctls: [String: [String: String]] = [:]) throws -> ChangeCatalogue {
        let parts = namespaces.map { namespace in
            var part = NamespaceSnapshot(name: namespace.name, inode: 1)
            part.sysctls = sysctls[namespace.name] ?? [:]
            return part
        }
        return ChangeCatalogue(
            topology: Topology(host: "h", time: "", namespaces: namespaces),
            snapshot: HostSnapshot(host: "h", time: "", kernel: "", namespaces: parts),
            request: PacketRequest(kind: .echo, destination: try #require(IPAddress(destination))), from: "web")
    }
}

private func words(_ candidate: Candidate, ofTrial: Bool = false) -> [String] {
    ((ofTrial ? candidate.trialActions : nil) ?? candidate.actions).map { action in
        switch action.change {
        case .ip(let words), .run(let words): words.words.joined(separator: " ")
        case .sysctl(let name, let value): "\(name)=\(value)"
        default: "another kind"
        }
    }
}

@Suite("Changes that belong together")
struct ChangePathsTests {
    @Test("a way has a route at each namespace that needs one, there and back")
    func ways() throws {
        var row = try Row()
        try row.addDefault(0, via: "10.0.1.99", dev: "eth0")
        let ways = try row.catalogue(to: "10.0.3.9").ways
        #expect(
            ways.map { $0.map(\.condition) } == [
                [
                    "a route to 10.0.3.9 via 10.0.1.1 in web", "a route to 10.0.3.9 via 10.0.2.2 in r1",
                    "a route to 10.0.1.2 via 10.0.2.1 in r2", "a route to 10.0.1.2 via 10.0.3.1 in db",
                ]
            ])
        // Nobody has the gateway that web has; the others know no way at all.
        #expect(
            ways.first?.map(\.code) == ["gateway-unreachable", "no-route", "no-return-path", "no-return-path"])
    }

    @Test("none goes through a host that does not forward, where another one does")
    func forwarding() throws {
        var row = try Row()
        // It stands on both of r1's networks.
        var idle = row.namespaces[1]
        idle.name = "idle"
        idle.links[1].addresses = [try #require(IPPrefix("10.0.1.7/24"))]
        idle.links[2].addresses = [try #require(IPPrefix("10.0.2.7/24"))]
        idle.sysctls["net.ipv4.ip_forward"] = "0"
        row.namespaces.insert(idle, at: 1)
        let first = try #require(try row.catalogue(to: "10.0.3.9").ways.first?.first)
        #expect(first.condition == "a route to 10.0.3.9 via 10.0.1.1 in web")
    }

    @Test("forwarding on is a part of the way through those that do not")
    func forwardingOff() throws {
        var row = try Row()
        row.namespaces[1].sysctls["net.ipv4.ip_forward"] = "0"
        let ways = try row.catalogue(to: "10.0.3.9", sysctls: ["r1": ["net.ipv4.ip_forward": "0"]]).ways
        #expect(ways.first?.last?.condition == "net.ipv4.ip_forward = 1 in r1")
        #expect(ways.first?.count == 5)
    }

    @Test("multicast is forwarded from each device by the others, but for that of one link")
    func multicast() throws {
        let row = try Row()
        let found = try row.catalogue(to: "239.1.2.3").changes.filter { $0.code == "multicast-not-forwarded" }
        #expect(
            found.map(\.condition).prefix(2) == [
                "a program in r1 that forwards 239.1.2.3 from eth0 (multicast routing)",
                "a program in r1 that forwards 239.1.2.3 from eth1 (multicast routing)",
            ])
        #expect(found.count == 4)
        #expect(found.first?.trialChange?.text == "239.1.2.3 eth0 eth1")
        #expect(try row.catalogue(to: "224.0.0.251").changes.allSatisfy { $0.code != "multicast-not-forwarded" })
    }

    @Test("who has the destination is a gateway to it, though it forwards for nobody")
    func holder() throws {
        var row = try Row()
        row.namespaces[3].links[0].addresses = [try #require(IPPrefix("198.51.100.1/32"))]
        let routes = try row.catalogue(to: "198.51.100.1").changes.filter { $0.kind == .route }
        #expect(routes.contains { $0.condition == "a route to 198.51.100.1 via 10.0.3.9 in r2" })
        #expect(routes.contains { $0.condition == "a default route via 10.0.3.9 in r2" })
    }

    @Test("routers that hand a packet to each other are each tried as its end, which mends nothing by itself")
    func circle() throws {
        var row = try Row()
        try row.addDefault(0, via: "10.0.1.1", dev: "eth0")
        try row.addDefault(1, via: "10.0.2.2", dev: "eth1")
        try row.addDefault(2, via: "10.0.2.1", dev: "eth0")
        let loops = try row.catalogue(to: "192.0.2.50").changes.filter { $0.kind == .address }
        #expect(loops.allSatisfy { $0.code == "routing-loop" })
        #expect(
            loops.map(\.condition) == [
                "192.0.2.50 in r1, which hands it to r2 and gets it back",
                "192.0.2.50 in r2, which hands it to r1 and gets it back",
            ])
        #expect(loops.allSatisfy { $0.actions.isEmpty && $0.adds })
        #expect(loops.map(\.place.device) == ["eth1", "eth0"])
        #expect(loops.allSatisfy { words($0, ofTrial: true) == ["address add 192.0.2.50/32 dev lo"] })
    }

    @Test("a way that ends has no circle")
    func straight() throws {
        var row = try Row()
        try row.addDefault(0, via: "10.0.1.1", dev: "eth0")
        try row.addDefault(1, via: "10.0.2.2", dev: "eth1")
        #expect(try row.catalogue(to: "192.0.2.50").changes.allSatisfy { $0.code != "routing-loop" })
    }

    @Test("IPv6 that is off comes back with an address and a default route")
    func families() throws {
        var row = try Row()
        row.namespaces[1].links[1].addresses = [try #require(IPPrefix("fd00:1::1/64"))]
        row.namespaces[1].sysctls["net.ipv6.conf.all.forwarding"] = "1"
        let off = ["net.ipv6.conf.eth0.disable_ipv6": "1", "net.ipv6.conf.lo.disable_ipv6": "1"]
        let changes = try row.catalogue(to: "2001:db8::1", sysctls: ["web": off]).changes
        let found = changes.filter { $0.code == "family-disabled" && $0.actions.count > 1 }
        #expect(
            found.map(\.condition) == [
                "IPv6 on at eth0 in web, an address of fd00:1::/64 and a default route via fd00:1::1"
            ])
        #expect(
            found.first.map { words($0) } == [
                "net.ipv6.conf.eth0.disable_ipv6=0", "address add fd00:1::c8/64 dev eth0 nodad",
                "-6 route replace default via fd00:1::1 dev eth0",
            ])
    }

    @Test("a setting that counts only where all has it too is set at both")
    func settingOfBoth() throws {
        let values = ["net.ipv4.conf.all.bc_forwarding": "0", "net.ipv4.conf.eth0.bc_forwarding": "0"]
        let changes = try Row().catalogue(to: "10.0.3.255", sysctls: ["r1": values]).changes
        let found = changes.filter { $0.code == "broadcast-not-forwarded" }
        #expect(
            found.map { words($0) } == [
                ["net.ipv4.conf.all.bc_forwarding=1", "net.ipv4.conf.eth0.bc_forwarding=1"]
            ])
    }
}

@Suite("Tunnels that are tried")
struct TunnelChangeTests {
    /// Two hosts on 203.0.113.0/24, each with 10.0.2.15 on a network of its own, and a VXLAN.
    private static func changes(_ vxlan: [Link.VXLAN]) throws -> [Candidate] {
        var namespaces: [Namespace] = []
        for (name, address, vxlan) in [("a", "203.0.113.2/24", vxlan[0]), ("b", "203.0.113.3/24", vxlan[1])] {
            var namespace = Namespace(name: name, inode: 1, path: "/run/netns/\(name)")
            for (index, one) in [("eth0", address), ("nat0", "10.0.2.15/24")].enumerated() {
                var link = Link(name: one.0, index: UInt32(index + 2), kind: .veth)
                link.isUp = true
                link.addresses = [try #require(IPPrefix(one.1))]
                namespace.links.append(link)
            }
            var tunnel = Link(name: "vx", index: 9, kind: .vxlan)
            tunnel.vxlan = vxlan
            tunnel.master = "br0"
            namespace.links.append(tunnel)
            namespaces.append(namespace)
        }
        return ChangeCatalogue(
            topology: Topology(host: "h", time: "", namespaces: namespaces),
            snapshot: HostSnapshot(host: "h", time: "", kernel: ""),
            request: PacketRequest(kind: .echo, destination: try #require(IPAddress("172.19.0.9"))), from: "a"
        ).changes.filter { $0.code == "vxlan-unreachable" && $0.condition.hasPrefix("vx between") }
    }

    @Test("both ends between addresses of a network that they share, however wrong they are")
    func joined() throws {
        let own = try #require(IPAddress("10.0.2.15"))
        let wrong = Link.VXLAN(identifier: 42, port: 4789, remote: own, local: own, device: "nat0", learning: false)
        let changes = try Self.changes([wrong, wrong])
        #expect(
            changes.map(\.condition) == [
                "vx between 203.0.113.2 and 203.0.113.3 in a", "vx between 203.0.113.3 and 203.0.113.2 in b",
            ])
        #expect(
            changes.first.map { words($0) } == [
                "link del vx",
                "link add vx type vxlan id 42 dstport 4789 remote 203.0.113.3 local 203.0.113.2 dev eth0 nolearning",
                "link set dev vx master br0", "link set dev vx up",
            ])
    }

    @Test("not one that lies there already")
    func right() throws {
        let (here, there) = (try #require(IPAddress("203.0.113.2")), try #require(IPAddress("203.0.113.3")))
        let one = Link.VXLAN(identifier: 42, port: 4789, remote: there, local: here, device: "eth0")
        // Its address is the route's.
        let other = Link.VXLAN(identifier: 42, port: 4789, remote: here)
        #expect(try Self.changes([one, other]).isEmpty)
    }
}
