import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Routes that take a packet, or a reply, away from its destination.
@Suite("Wrong routes")
struct WrongRouteTests {
    /// The base network with a pod at the other end of a pair of the host's: pod eth0 172.16.0.9/32 ── veth4 host.
    var network = BaseNetwork()

    init() {
        network.change("host") { host in
            host.links.append(
                Link(
                    name: "veth4", index: 6, kind: "veth", mac: mac(0x50),
                    peer: Link.Peer(namespace: "pod", device: "eth0")))
        }
        network.topology.namespaces.append(
            Namespace(
                name: "pod", inode: 4, path: "/run/netns/pod",
                links: [
                    loopback(),
                    Link(
                        name: "eth0", index: 2, kind: "veth", mac: mac(0x60), addresses: [prefix("172.16.0.9/32")],
                        peer: Link.Peer(namespace: "host", device: "veth4")),
                ], routes: [Route(destination: prefix("0.0.0.0/0"), device: "eth0")],
                sysctls: sysctls(forwarding: false, devices: ["eth0"])))
    }

    private static let probe = Probe(source: "203.0.113.2", destination: "172.16.0.9")

    /// Of an echo request of the host's to the pod that left by eth0, and was dropped in wan or seen no more.
    private func left(_ stop: Stop? = nil) -> [Finding] {
        var sights: [Sight] = [.sent("host"), .out("host", "eth0")]
        if stop != nil { sights.append(.into("wan", "wan0")) }
        let walk = Self.probe.walk(stop == nil ? .left : .dropped, through: sights, stop: stop)
        return Diagnosis.findings(for: walk, reply: nil, context: DiagnosisContext(topology: network.topology)).findings
    }

    private static let refused = Stop(
        namespace: "wan", hook: .prerouting, cause: .kernelDrop(reason: "IP_INADDRERRORS", location: "ip_error"))

    @Test("a pod's missing route is the cause, not that the router beyond does not forward")
    func missing() {
        let found = left(Self.refused)
        #expect(found.first?.code == "wrong-route")
        #expect(found.first?.severity == .error)
        #expect(found.first?.where.namespace == "host")
        #expect(found.first?.remedy?.commands == ["ip route add 172.16.0.9 dev veth4"])
        #expect(!found.dropFirst().contains { $0.remedy?.commands.contains { $0.contains("ip_forward=1") } == true })
    }

    @Test("a route made for the one address is taken for meant")
    mutating func meant() {
        network.change("host") {
            $0.routes.append(
                Route(destination: prefix("172.16.0.9/32"), gateway: address("203.0.113.1"), device: "eth0"))
        }
        #expect(left(Self.refused).first?.code != "wrong-route")
    }

    @Test("an address that two have is nobody's neighbour for certain")
    mutating func ambiguous() {
        network.change("wan", link: "lo") { $0.addresses.append(prefix("172.16.0.9/32")) }
        #expect(!left(Self.refused).contains { $0.code == "wrong-route" })
    }

    @Test("a rule that comes before the table with the route is named, and the fix is a rule for the one address")
    mutating func rule() {
        network.change("host") { host in
            host.routes.append(Route(destination: prefix("172.16.0.9/32"), device: "veth4"))
            host.routes.append(
                Route(
                    destination: prefix("0.0.0.0/0"), table: 200, gateway: address("203.0.113.1"), device: "eth0"))
            host.rules = [
                RoutingRule(priority: 0, family: 2, table: .local),
                RoutingRule(priority: 1000, family: 2, source: prefix("203.0.113.2/32"), table: 200),
                RoutingRule(priority: 32766, family: 2, table: .main),
            ]
        }
        let first = left(Self.refused).first
        #expect(first?.code == "routed-elsewhere" || first?.code == "wrong-route")
        #expect(first?.message.contains("1000:") == true)
        #expect(first?.remedy?.commands.first?.contains("lookup main") == true)
    }

    @Test("the blackhole of a node's range is no route to the pod: the pod's own is what is missing")
    mutating func blackhole() {
        network.change("host") {
            $0.routes.append(Route(destination: prefix("172.16.0.0/24"), kind: .blackhole, origin: "bird"))
        }
        let walk = Self.probe.walk(.unsent, through: [.sent("host")])
        let found = Diagnosis.findings(
            for: walk, reply: nil, context: DiagnosisContext(topology: network.topology)
        ).findings
        #expect(found.first?.code == "blackhole-route")
        #expect(found.first?.remedy?.commands == ["ip route add 172.16.0.9 dev veth4"])
    }

    // MARK: A network that covers what is elsewhere

    /// The host's bridge has 198.51.100.0/24 too, whose address the WAN has, and asks there in vain.
    private mutating func cover() -> Finding? {
        network.change("host", link: "mybridge") { $0.addresses.append(prefix("198.51.100.254/24")) }
        network.change("host") { host in
            host.routes.append(Route(destination: prefix("198.51.100.0/24"), device: "mybridge", origin: "kernel"))
            host.neighbors = [Neighbor(address: address("198.51.100.1"), device: "mybridge", state: .failed)]
        }
        let probe = Probe(source: "198.51.100.254", destination: "198.51.100.1")
        let walk = probe.walk(
            .rejected, through: [.sent("host"), .hook("host", .postrouting, .srcnat)],
            stop: Stop(
                namespace: "host", hook: .postrouting,
                cause: .kernelDrop(reason: "NEIGH_FAILED", location: "arp_error_report")))
        return Diagnosis.findings(for: walk, reply: nil, context: DiagnosisContext(topology: network.topology))
            .findings.first
    }

    @Test("a wider route that is seen to lead there makes it certain")
    mutating func covered() {
        let first = cover()
        #expect(first?.code == "wrong-route")
        #expect(first?.severity == .error)
        #expect(first?.remedy?.commands == ["ip route add 198.51.100.1/32 via 203.0.113.1 dev eth0"])
    }

    @Test("where the wider route's end can't be seen it is only mentioned")
    mutating func coveredUnseen() {
        network.topology.namespaces.removeAll { $0.name == "wan" }
        network.change("host", link: "eth0") {
            $0.peer = nil
            $0.kind = "ethernet"
        }
        let first = cover()
        #expect(first?.code == "neighbor-unresolved")
        #expect(first?.message.contains("198.51.100.0/24 on mybridge") == true)
        #expect(first?.remedy == nil)
    }
}
