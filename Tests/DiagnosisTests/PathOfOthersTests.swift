import Network
import Observations
import Ruleset
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Packets that a setting sends to somebody else than meant: local routes, prefixes, gateways in need of a proxy, rules that
/// miss a table, devices below.
@Suite("Packets that go to others")
struct PathOfOthersTests {
    /// The base network with `other` on the bridge.
    var network = BaseNetwork()

    init() { network.attachSecond() }

    private func surroundings(_ origin: PacketState) -> Surroundings {
        Surroundings(PathInputs(DiagnosisContext(topology: network.topology)), origin: origin)
    }

    private func namespace(_ name: String) throws -> Namespace {
        try #require(network.topology.namespaces.first { $0.name == name })
    }

    private func first(_ judgements: [Judgement]) -> Finding? {
        for case .candidate(let candidate) in judgements { return candidate.finding }
        return nil
    }

    // MARK: Local routes

    private func taken() throws -> Finding? {
        var packet = PacketState(source: address("172.19.0.2"), destination: address("198.51.100.1"), ipProtocol: .tcp)
        packet.destinationPort = 80
        var socket = SocketStep(namespace: try namespace("host"), device: "mybridge", packet: packet)
        socket.isRefused = true
        return first(WrongRoute().examine(.socket(socket), surroundings(packet)))
    }

    @Test("a local route for an address of somebody else is named, and is what the fix deletes")
    mutating func local() throws {
        network.change("host") {
            $0.routes.append(
                Route(destination: prefix("198.51.100.1/32"), kind: .local, table: .local, device: "lo"))
        }
        let found = try taken()
        #expect(found?.code == "wrong-route")
        #expect(found?.message.contains("198.51.100.1 is configured on lo in wan") == true, "\(found?.message ?? "")")
        #expect(found?.remedy?.commands == ["ip route del local 198.51.100.1 dev lo table local"])
    }

    @Test("one that nobody else has is for programs that listen there")
    mutating func anycast() throws {
        network.change("host") {
            $0.routes.append(
                Route(destination: prefix("198.51.100.0/24"), kind: .local, table: .local, device: "lo"))
        }
        network.change("wan", link: "lo") { $0.addresses.removeLast() }
        #expect(try taken() == nil)
    }

    // MARK: Prefixes

    /// The reply of other, 172.19.0.33/28, to 172.19.0.2, as it comes to its gateway.
    private mutating func handedToGateway(forwarding: Bool) throws -> [Judgement] {
        network.change("other", link: "veth3") { $0.addresses = [prefix("172.19.0.33/28")] }
        network.change("other") {
            $0.routes = [
                Route(destination: prefix("172.19.0.32/28"), device: "veth3", origin: "kernel"),
                Route(destination: prefix("0.0.0.0/0"), gateway: address("172.19.0.1"), device: "veth3"),
            ]
        }
        if !forwarding { network.setting("net.ipv4.ip_forward", "0", in: "host") }
        if !forwarding { network.setting("net.ipv4.conf.mybridge.forwarding", "0", in: "host") }
        let packet = PacketState(
            source: address("172.19.0.33"), destination: address("172.19.0.2"), ipProtocol: .icmp)
        let host = try namespace("host")
        let choice = host.lookUpRoute(to: packet.destination, source: packet.source, mark: 0, inDevice: "mybridge")
        let step = ReceiveStep(namespace: host, device: "mybridge", packet: packet, choice: choice)
        return WrongNetmask().examine(.forwarding(step), surroundings(packet))
            + ForwardingDisabled().examine(.forwarding(step), surroundings(packet))
    }

    @Test("a gateway that was not needed is not made a router")
    mutating func tooLong() throws {
        let found = try handedToGateway(forwarding: false)
        #expect(found.count == 1)
        #expect(first(found)?.code == "wrong-netmask")
        #expect(
            first(found)?.remedy?.commands == [
                "ip -n other addr add 172.19.0.33/24 dev veth3", "ip -n other addr del 172.19.0.33/28 dev veth3",
            ])
    }

    @Test("where it forwards nothing is wrong")
    mutating func tooLongButForwarded() throws {
        #expect(first(try handedToGateway(forwarding: true)) == nil)
    }

    @Test(
        "the broadcast address of a prefix that is somebody's own address",
        arguments: [("172.19.0.127/24", true), ("172.19.0.126/24", false)])
    mutating func broadcast(own: String, isClaimed: Bool) throws {
        network.change("mynamespace", link: "veth1") { $0.addresses = [prefix("172.19.0.2/25")] }
        network.change("other", link: "veth3") { $0.addresses = [prefix(own)] }
        let packet = PacketState(
            source: address("172.19.0.2"), destination: address("172.19.0.127"), ipProtocol: .tcp)
        let claim = BroadcastClaim(of: packet, in: try namespace("mynamespace"), surroundings(packet))
        #expect((claim != nil) == isClaimed)
        #expect(claim.map { $0.holder.namespace.name } == (isClaimed ? "other" : nil))
    }

    // MARK: Rules and gateways

    @Test("no rule leads to the table main: its routes are there, and the rule is what is missing")
    mutating func withoutMain() throws {
        network.change("mynamespace") {
            $0.rules = [
                RoutingRule(priority: 0, family: 2, table: .local),
                RoutingRule(priority: 32767, family: 2, table: .default),
            ]
        }
        let found = network.findings(Probe.ping.walk(.unsent, through: [.sent("mynamespace")])).first
        #expect(found?.code == "no-route")
        #expect(found?.message.contains("no routing rule leads this packet to the table main") == true)
        #expect(found?.remedy?.commands == ["ip -n mynamespace rule add priority 32766 lookup main"])
    }

    /// mynamespace has 172.19.0.2/32 alone and a gateway that nobody has, at the other end of its pair a port of no bridge.
    private mutating func proxied(_ proxy: String) -> Finding? {
        network.change("mynamespace", link: "veth1") { $0.addresses = [prefix("172.19.0.2/32")] }
        network.change("mynamespace") {
            $0.routes = [
                Route(destination: prefix("169.254.1.1/32"), device: "veth1"),
                Route(destination: prefix("0.0.0.0/0"), gateway: address("169.254.1.1"), device: "veth1"),
            ]
            $0.neighbors = [Neighbor(address: address("169.254.1.1"), device: "veth1", state: .failed)]
        }
        network.change("host", link: "veth0") {
            $0.master = nil
            $0.bridgePort = nil
        }
        network.setting("net.ipv4.conf.veth0.proxy_arp", proxy, in: "host")
        network.change("host") { $0.routes.append(Route(destination: prefix("172.19.0.2/32"), device: "veth0")) }
        let walk = Probe.ping.walk(
            .rejected, through: [.sent("mynamespace")],
            stop: Stop(
                namespace: "mynamespace",
                cause: .kernelDrop(reason: "NEIGH_FAILED", location: "neigh_invalidate")))
        return network.findings(walk).first
    }

    @Test("a gateway that nobody has is one for which the other end must reply")
    mutating func gatewayWithoutProxy() {
        let found = proxied("0")
        #expect(found?.code == "proxy-missing")
        #expect(found?.where == Finding.Place(namespace: "host", device: "veth0"))
        #expect(found?.remedy?.commands.first?.contains("net.ipv4.conf.veth0.proxy_arp=1") == true)
        #expect(proxied("1")?.code != "proxy-missing")
    }

    // MARK: Devices below

    @Test("a macvlan has no carrier while the device below is down: that one is named")
    mutating func below() {
        network.change("wan") { wan in
            var parent = Link(name: "parent", index: 7, kind: "veth", state: .down, mac: mac(0x70))
            parent.isUp = false
            wan.links.append(parent)
        }
        network.change("mynamespace", link: "veth1") {
            $0.kind = .macvlan
            $0.peer = nil
            $0.lower = "parent"
            $0.lowerNamespace = "wan"
            $0.state = .lowerLayerDown
            $0.hasCarrier = false
        }
        let found = network.findings(Probe.ping.walk(.lost, through: [.sent("mynamespace")])).first
        #expect(found?.code == "link-down")
        #expect(found?.where == Finding.Place(namespace: "wan", device: "parent"))
        #expect(found?.remedy?.commands == ["ip -n wan link set parent up"])
    }

    // MARK: Replies

    @Test("that the request passed a chain says nothing of its reply")
    mutating func ownTrace() {
        network.masquerade(nil)
        network.add(iptables("filter", "FORWARD", rules: ["-i eth0 -j DROP"]))
        let passed = RuleEvent(
            timeNanoseconds: 0, namespace: "host",
            reference: RuleReference(
                family: "ip", table: "filter", chain: "FORWARD", position: nil, verdict: "policy accept",
                backend: "iptables-nft"), verdict: "policy accept", baseChain: "FORWARD", hook: .forward,
            headers: PacketHeadersRecord(PacketHeaders()), inDevice: "mybridge", outDevice: "eth0")
        let request = Probe.ping.walk(.delivered, through: toBridge + [.out("host", "eth0"), .into("wan", "wan0")])
        let reply = Probe.ping.reply.walk(
            .lost,
            through: [
                .sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .hook("host", .forward, .filter),
            ], answers: request.id)
        let found = network.findings(request, reply: reply) { $0.rules = [passed] }.first
        #expect(found?.code == "rule-drop")
        #expect(found?.severity == .error)
    }
}
