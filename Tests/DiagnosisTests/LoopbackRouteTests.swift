import Network
import Observations
import Ruleset
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Loopback addresses beyond lo, lookups that fail, and what prerouting does not see.
@Suite("Loopback and own addresses")
struct LoopbackRouteTests {
    var network = BaseNetwork()

    private func findings(_ walk: Walk, _ body: (inout DiagnosisContext) -> Void = { _ in }) -> [Finding] {
        var context = DiagnosisContext(topology: network.topology)
        body(&context)
        return Diagnosis.findings(for: walk, reply: nil, context: context).findings
    }

    private mutating func setRouteLocalnet(_ value: String) {
        network.setting("net.ipv4.conf.all.route_localnet", "0", in: "host")
        for device in ["mybridge", "eth0"] {
            network.setting("net.ipv4.conf.\(device).route_localnet", value, in: "host")
        }
    }

    @Test("DNAT of output sends on what is from 127.0.0.1: the lookup after it fails", arguments: ["0", "1"])
    mutating func output(value: String) {
        setRouteLocalnet(value)
        network.add(
            iptables("nat", "OUTPUT", rules: ["-p tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"]))
        let walk = Probe.tcp(8080, to: "127.0.0.1", from: "127.0.0.1").walk(
            .dropped, through: [.sent("host"), .hook("host", .output, .raw)],
            stop: Stop(
                namespace: "host", hook: .output,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nf_hook_slow")))
        let first = findings(walk).first
        if value == "1" {
            #expect(first?.code != "route-localnet")
        } else {
            #expect(first?.code == "route-localnet")
            #expect(first?.severity == .error)
            #expect(first?.remedy?.commands == ["sysctl -w net.ipv4.conf.mybridge.route_localnet=1"])
            #expect(first?.message.contains("iptables nat OUTPUT 1") == true)
        }
    }

    @Test(
        "DNAT to 127.0.0.1 of what came in by a network: the kernel says so, or the setting alone",
        arguments: [true, false])
    mutating func inbound(withReason: Bool) {
        network.add(
            iptables("nat", "PREROUTING", rules: ["-p tcp --dport 8080 -j DNAT --to-destination 127.0.0.1:80"]))
        let drop = Stop(
            namespace: "host", hook: .prerouting,
            cause: .kernelDrop(reason: "IP_LOCALNET", location: "ip_route_input_slow"))
        let walk = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1").walk(
            withReason ? .dropped : .lost, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")],
            stop: withReason ? drop : nil)
        setRouteLocalnet("0")
        let first = findings(walk).first
        #expect(first?.code == "route-localnet")
        #expect(first?.where.device == "eth0")
        #expect(first?.remedy?.commands == ["sysctl -w net.ipv4.conf.eth0.route_localnet=1"])
        guard !withReason else { return }
        setRouteLocalnet("1")
        #expect(findings(walk).allSatisfy { $0.code != "route-localnet" })
    }

    @Test("a lookup that the source check refuses is no missing route", arguments: [Int32(22), 18, 13])
    func refusedLookup(errorNumber: Int32) {
        let packet = PacketState(source: "172.19.0.2", destination: "198.51.100.1", ipProtocol: .icmp)
        var context = DiagnosisContext(topology: network.topology)
        var decision = RouteDecision(
            timeNanoseconds: 0, namespace: "host",
            tuple: FlowTuple(
                source: packet.source, destination: packet.destination, sourcePort: 0, destinationPort: 0,
                ipProtocol: .icmp), inDevice: "mybridge")
        decision.errorNumber = errorNumber
        context.routes = [decision]
        let host = network.topology.namespaces[1]
        let choice = PathInputs(context).route(packet, host, inDevice: "mybridge")
        #expect(choice.kind == .unicast)
        #expect(!choice.isKernelAnswer)
        context.routes[0].errorNumber = 101
        #expect(PathInputs(context).route(packet, host, inDevice: "mybridge").kind == nil)
    }

    @Test("the host itself asks for a port that prerouting forwards: output is named")
    mutating func published() {
        network.add(
            iptables(
                "nat", "PREROUTING", rules: ["-i eth0 -p tcp --dport 80 -j DNAT --to-destination 172.19.0.2:8000"]))
        let request = Probe.tcp(80, to: "203.0.113.2", from: "203.0.113.2")
        let walk = request.walk(.delivered, through: [.sent("host"), .into("host", "lo")])
        let reset = request.refusal
        let reply = reset.walk(.delivered, through: [.sent("host")], answers: walk.id)
        let first = network.findings(walk, reply: reply).first
        #expect(first?.code == "port-not-published")
        #expect(first?.where.hook == .output)
        #expect(
            first?.remedy?.commands == [
                "iptables -t nat -A OUTPUT -d 203.0.113.2 -p tcp --dport 80 -j DNAT --to-destination 172.19.0.2:8000"
            ])
    }

    @Test("a namespace with the same addresses that no link joins to the host serves nothing here")
    mutating func unconnected() {
        let stranger = Namespace(
            name: "stranger", inode: 9, path: "",
            links: [Link(name: "eth0", index: 2, kind: "veth", addresses: [prefix("172.19.0.9/24")])],
            routes: [Route(destination: prefix("0.0.0.0/0"), gateway: address("172.19.0.1"), device: "eth0")],
            listeners: [Listener(protocol: "tcp", address: "0.0.0.0", port: 8080)])
        network.topology.namespaces.append(stranger)
        let request = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1")
        let walk = request.walk(.delivered, through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0")])
        let reset = request.refusal
        let reply = reset.walk(.delivered, through: [.sent("host")], answers: walk.id)
        let first = network.findings(walk, reply: reply).first
        #expect(first?.code == "no-listener")
        #expect(first?.message.contains("stranger") == false)
    }

    @Test("a reply is routed with the source that its sender gave it")
    mutating func restoredSource() {
        let flow = FlowEvent(
            timeNanoseconds: 0, namespace: "host", change: .new,
            original: FlowTuple(
                source: "203.0.113.1", destination: "203.0.113.2", sourcePort: 40000, destinationPort: 8080,
                ipProtocol: .tcp),
            reply: FlowTuple(
                source: "172.19.0.2", destination: "203.0.113.1", sourcePort: 80, destinationPort: 40000,
                ipProtocol: .tcp))
        let inputs = PathInputs(DiagnosisContext(topology: network.topology), flows: [flow])
        let reply = PacketState(
            source: "172.19.0.2", destination: "203.0.113.1", ipProtocol: .tcp, sourcePort: 80,
            destinationPort: 40000)
        let host = network.topology.namespaces[1]
        let routed = inputs.destinationRestored(reply, host)
        #expect(routed.source == "172.19.0.2")
        #expect(inputs.sourceRestored(routed, host).source == "203.0.113.2")
        #expect(inputs.sourceRestored(routed, host).sourcePort == 8080)
    }

    @Test("an earlier rule to an address that nobody has is stale where a later one leads to a server")
    mutating func stale() {
        network.add(
            iptables(
                "nat", "PREROUTING",
                rules: [
                    "-d 203.0.113.2 -p tcp --dport 8080 -j DNAT --to-destination 172.19.0.9:80",
                    "-d 203.0.113.2 -p tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80",
                ]))
        network.change("mynamespace") {
            $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 80)]
        }
        var translated = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1")
        translated.destination = "172.19.0.9"
        translated.destinationPort = 80
        let walk = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1").walk(
            .dropped,
            through: [
                .sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .hook("host", .prerouting, .dstnat),
            ], changed: [3: translated],
            stop: Stop(
                namespace: "host", device: "mybridge",
                cause: .kernelDrop(reason: "NEIGH_FAILED", location: "neigh_invalidate")))
        let first = findings(walk).first
        #expect(first?.code == "stale-forward")
        #expect(first?.rule?.position == 1)
        #expect(first?.remedy?.commands == ["iptables -t nat -D PREROUTING 1"])
        network.change("mynamespace") { $0.listeners = [] }
        let other = findings(walk).first
        #expect(other?.code == "neighbor-unresolved")
        #expect(
            other?.message.contains("iptables nat PREROUTING 1 in host sent it there instead of to 203.0.113.2:8080")
                == true)
    }

    @Test("published to a port that nobody serves: only the rule that did it is named")
    mutating func publishedToWrongPort() {
        network.add(
            iptables(
                "nat", "PREROUTING",
                rules: ["-d 203.0.113.2 -p tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:81"]))
        network.change("mynamespace") {
            $0.listeners = [Listener(protocol: "tcp", address: "0.0.0.0", port: 80, process: "python3")]
            $0.netfilter.nat = [
                NATRule(
                    kind: .dnat,
                    rule: RuleReference(
                        family: "ip", table: "nat", chain: "DOCKER_OUTPUT", position: 1, backend: "iptables-nft"),
                    match: "127.0.0.11/32 dport 53", to: "127.0.0.11:33599")
            ]
        }
        var translated = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1")
        translated.destination = "172.19.0.2"
        translated.destinationPort = 81
        let walk = Probe.tcp(8080, to: "203.0.113.2", from: "203.0.113.1").walk(
            .rejected,
            through: [
                .sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .hook("host", .prerouting, .dstnat),
                .out("host", "mybridge"), .out("host", "veth0"), .into("mynamespace", "veth1"),
                .hook("mynamespace", .input, .filter),
            ], changed: [3: translated])
        let first = findings(walk).first
        #expect(first?.code == "no-listener")
        #expect(first?.message.contains("python3 tcp 0.0.0.0:80") == true)
        #expect(first?.message.contains("iptables nat PREROUTING 1 in host sent it there") == true)
        #expect(first?.message.contains("a rule of nat in mynamespace") == false)
    }
}
