import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Replies that leave by another device than the request came in by.
@Suite("A reply that turns off")
struct ReplyRouteTests {
    var network = BaseNetwork()

    /// A second uplink of the host, with an office behind it that asks from 192.0.2.50.
    private mutating func addOffice() {
        network.change("host") { host in
            host.links.append(
                Link(
                    name: "eth1", index: 6, kind: "veth", mac: mac(0x50), addresses: [prefix("198.18.0.1/24")],
                    peer: Link.Peer(namespace: "office", device: "office0")))
            host.routes.append(Route(destination: prefix("198.18.0.0/24"), device: "eth1", origin: "kernel"))
        }
        network.topology.namespaces.append(
            Namespace(
                name: "office", inode: 4, path: "/run/netns/office",
                links: [
                    Link(
                        name: "lo", index: 1, kind: "loopback",
                        addresses: [prefix("127.0.0.1/8"), prefix("192.0.2.50/32")]),
                    Link(
                        name: "office0", index: 2, kind: "veth", mac: mac(0x60), addresses: [prefix("198.18.0.9/24")],
                        peer: Link.Peer(namespace: "host", device: "eth1")),
                ], routes: [Route(destination: prefix("198.18.0.0/24"), device: "office0", origin: "kernel")],
                sysctls: sysctls(forwarding: false, devices: ["office0"])))
    }

    private func hideFarEnd(_ network: inout BaseNetwork) {
        network.topology.namespaces.removeAll { $0.name == "wan" }
        network.change("host", link: "eth0") {
            $0.peer = nil
            $0.kind = "ethernet"
        }
    }

    private static let asked = Probe(source: "192.0.2.50", destination: "198.18.0.1")

    private func findings(_ outcome: Walk.Outcome, stop: Stop? = nil, by device: String = "eth0") -> [Finding] {
        let request = Self.asked.walk(
            .delivered, through: [.sent("office"), .out("office", "office0"), .into("host", "eth1")])
        var sights: [Sight] = [.sent("host"), .out("host", device)]
        if stop != nil { sights.append(.into("wan", "wan0")) }
        let reply = Self.asked.reply.walk(outcome, through: sights, stop: stop, answers: request.id)
        return network.findings(request, reply: reply)
    }

    private func commands(_ finding: Finding?) -> [String] { finding?.remedy?.commands ?? [] }

    @Test("to where nobody can see: a warning, and a route by the other uplink for this address alone")
    mutating func hidden() {
        addOffice()
        hideFarEnd(&network)
        let first = findings(.left).first
        #expect(first?.code == "reply-routed-elsewhere")
        #expect(first?.severity == .warning)
        #expect(first?.where == Finding.Place(namespace: "host", device: "eth0"))
        #expect(
            commands(first) == [
                "ip route add default via 198.18.0.9 dev eth1 table 100", "ip rule add from 198.18.0.1 lookup 100",
            ])
    }

    @Test("to a router that drops it: certain, since the other way is free; the router is not to be changed")
    mutating func dropped() {
        addOffice()
        let stop = Stop(
            namespace: "wan", device: "wan0", hook: .prerouting,
            cause: .kernelDrop(reason: "IP_INADDRERRORS", location: "ip_error"))
        let first = findings(.dropped, stop: stop).first
        #expect(first?.code == "reply-routed-elsewhere")
        #expect(first?.severity == .error)
        #expect(first?.message.contains("dropped in wan (IP_INADDRERRORS at ip_error)") == true)
        #expect(commands(first).allSatisfy { !$0.contains("wan") && !$0.contains("replace") })
    }

    @Test("to a router whose reverse path check drops it: that is the cause, and the turn the other half")
    mutating func reversePath() {
        addOffice()
        network.setting("net.ipv4.conf.wan0.rp_filter", "1", in: "wan")
        network.setting("net.ipv4.ip_forward", "1", in: "wan")
        network.change("wan") { wan in
            wan.links.append(Link(name: "wan1", index: 3, kind: "ethernet", addresses: [prefix("192.0.3.1/24")]))
            wan.routes += [
                Route(destination: prefix("198.18.0.0/24"), gateway: address("192.0.3.2"), device: "wan1"),
                Route(destination: prefix("192.0.2.0/24"), gateway: address("192.0.3.2"), device: "wan1"),
            ]
        }
        let stop = Stop(
            namespace: "wan", device: "wan0", hook: .prerouting,
            cause: .kernelDrop(reason: "IP_RPFILTER", location: "ip_rcv_finish_core"))
        let found = findings(.dropped, stop: stop)
        #expect(found.map(\.code) == ["reverse-path-filter", "reply-routed-elsewhere"])
        #expect(found.first?.where == Finding.Place(namespace: "wan", device: "wan0"))
    }

    @Test("a reply that leaves as the request came is left alone")
    mutating func sameWay() {
        addOffice()
        network.change("host", link: "eth1") {
            $0.peer = nil
            $0.kind = "ethernet"
        }
        #expect(findings(.left, by: "eth1").isEmpty)
    }

    @Test("a table that has the route already is used, and the rule that led astray is named with its `not`")
    mutating func tunnel() {
        addOffice()
        hideFarEnd(&network)
        network.change("host") { host in
            host.links.append(Link(name: "wg0", index: 9, kind: "wireguard", addresses: [prefix("10.7.0.4/24")]))
            host.routes.removeAll { $0.destination.length == 0 }
            host.routes += [
                Route(destination: prefix("0.0.0.0/0"), gateway: address("198.18.0.9"), device: "eth1"),
                Route(destination: prefix("0.0.0.0/0"), table: 51820, device: "wg0"),
            ]
            var astray = RoutingRule(priority: 32765, family: 4, mark: 51820, table: 51820)
            astray.detail = "not"
            host.rules = [
                RoutingRule(priority: 0, family: 4, table: .local), astray, RoutingRule(priority: 32766, family: 4),
            ]
        }
        let request = Self.asked.walk(
            .delivered, through: [.sent("office"), .out("office", "office0"), .into("host", "eth1")])
        let reply = Self.asked.reply.walk(.left, through: [.sent("host"), .out("host", "wg0")], answers: request.id)
        var context = DiagnosisContext(topology: network.topology)
        var decision = RouteDecision(
            timeNanoseconds: 0, namespace: "host",
            tuple: FlowTuple(
                source: "198.18.0.1", destination: "192.0.2.50", sourcePort: 0, destinationPort: 0, ipProtocol: .icmp))
        decision.kind = "unicast"
        decision.table = 51820
        decision.outDevice = "wg0"
        context.routes = [decision]
        let first = Diagnosis.findings(for: request, reply: reply, context: context).findings.first
        #expect(first?.code == "reply-routed-elsewhere")
        #expect(first?.message.contains("dev wg0 table 51820") == true)
        let rule = "ip rule 32765: not from all fwmark 0xca6c lookup 51820 in host"
        #expect(first?.evidence.contains { $0.text == rule } == true)
        #expect(commands(first) == ["ip rule add from 198.18.0.1 lookup main"])
    }

    @Test("a rule on the way back that drops it comes first")
    mutating func ruleFirst() {
        addOffice()
        network.add(
            RuleChain(
                backend: "iptables-nft", family: "ip", table: "filter", name: "INPUT", hook: .input, priority: 0,
                kind: "filter", policy: "drop", rules: []), to: "wan")
        network.change("wan") { $0.links[0].addresses.append(prefix("192.0.2.50/32")) }
        let stop = Stop(
            namespace: "wan", hook: .input, cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain"))
        let found = findings(.dropped, stop: stop)
        #expect(found.first?.code == "policy-drop")
        #expect(found.dropFirst().contains { $0.code == "reply-routed-elsewhere" })
    }
}
