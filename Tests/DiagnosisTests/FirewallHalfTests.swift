import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// Packets that a rule ends for what the kernel knows, or does not know, of their connection; and what the sender does not learn.
@Suite("Firewalls and the other half")
struct FirewallHalfTests {
    var network = BaseNetwork()

    @Test("the rules that the request met say nothing of its reply")
    mutating func rulesOfTheRequest() {
        network.add(iptables("filter", "FORWARD", rules: ["-i eth0 -j DROP"]))
        let request = Probe.tcp(80, to: "198.51.100.1").walk(.delivered, through: toWan)
        var asked = Probe.tcp(80, to: "198.51.100.1").reply
        let inside = asked
        asked.destination = "203.0.113.2"
        let reply = asked.walk(
            .lost,
            through: [
                .sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .hook("host", .prerouting, .dstnat),
                .hook("host", .forward, .filter),
            ], changed: [3: inside], answers: request.id)
        let accept = RuleEvent(
            timeNanoseconds: 0, namespace: "host",
            reference: RuleReference(
                family: "ip", table: "filter", chain: "FORWARD", verdict: "policy accept", backend: "iptables-nft"),
            verdict: "policy accept", baseChain: "FORWARD", hook: .forward,
            headers: PacketHeadersRecord(PacketHeaders()), inDevice: "mybridge", outDevice: "eth0")
        let first = network.findings(request, reply: reply) { $0.rules = [accept] }.first
        #expect(first?.code == "rule-drop")
        #expect(first?.rule?.position == 1)
        #expect(first?.checks.contains { $0.text.contains("the trace shows that the packet passed") } == false)
    }

    @Test("an ICMP error about a packet that was too long is dropped: the rule is named, and a fix for it")
    mutating func errorStopped() {
        network.change("host", link: "eth0") { $0.mtu = 1400 }
        network.add(iptables("filter", "OUTPUT", rules: ["-p icmp -j DROP"]))
        var probe = Probe.ping
        probe.length = 1500
        probe.dontFragment = true
        let request = probe.walk(
            .dropped, through: toBridge,
            stop: Stop(namespace: "host", cause: .kernelDrop(reason: "PKT_TOO_BIG", location: "ip_forward")))
        var error = Probe.ping
        error.kind = .icmp(ICMPMessage(type: 3, code: 4, mtu: 1400))
        (error.source, error.destination) = ("172.19.0.1", "172.19.0.2")
        let reply = error.walk(
            .dropped, through: [.hook("host", .output, .raw)],
            stop: Stop(
                namespace: "host", hook: .output,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")), answers: request.id)
        let findings = network.findings(request, reply: reply)
        #expect(findings.first?.code == "mtu-exceeded")
        #expect(
            findings.first?.message.hasSuffix(
                "the one from 172.19.0.1 was stopped in host, by iptables filter OUTPUT 1") == true)
        #expect(findings.count > 1 && findings[1].code == "rule-drop" && findings[1].severity == .warning)
        #expect(findings[1].message.contains("the ICMP error 172.19.0.1 > 172.19.0.2") == true)
        #expect(
            findings[1].remedy?.commands == [
                "iptables -I OUTPUT 1 -o mybridge -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"
            ])
    }

    @Test("segments of TCP that travel together are as long as the link that they came by allows")
    mutating func segments() {
        network.change("host", link: "eth0") { $0.mtu = 1400 }
        var probe = Probe.tcp(80, to: "198.51.100.1")
        probe.kind = .tcp(flags: [.psh, .ack])
        probe.length = 7292
        probe.dontFragment = true
        let first = network.findings(
            probe.walk(
                .dropped, through: toBridge,
                stop: Stop(namespace: "host", cause: .kernelDrop(reason: "PKT_TOO_BIG", location: "ip_forward")))
        ) {
            $0.icmpErrors = [
                DiagnosisContext.ICMPError(
                    source: "203.0.113.2", type: 3, code: 4, mtu: 1400, reachedSender: false)
            ]
        }.first
        #expect(first?.code == "mtu-exceeded")
        #expect(first?.message.hasPrefix("segments of up to 1500 bytes (7292 together) exceed the MTU of eth0") == true)
        #expect(first?.remedy?.commands.first == "ip link set dev eth0 mtu 1500")
    }

    @Test("a translated source that the router no longer has is of an older entry")
    mutating func olderSource() {
        network.masquerade("-s 172.19.0.0/24 -o eth0 -j SNAT --to-source 203.0.113.2")
        let probe = Probe.udp(5060, to: "198.51.100.1")
        var outside = probe
        outside.source = "203.0.113.7"
        let walk = probe.walk(
            .delivered,
            through: toBridge + [.hook("host", .postrouting, .srcnat), .out("host", "eth0"), .into("wan", "wan0")],
            changed: [4: outside])
        let original = FlowTuple(
            source: "172.19.0.2", destination: "198.51.100.1", sourcePort: 40000, destinationPort: 5060,
            ipProtocol: .udp)
        let flow = FlowEvent(
            timeNanoseconds: 1_795_399_000_000_000_000, namespace: "host", change: .present, original: original,
            reply: FlowTuple(
                source: "198.51.100.1", destination: "203.0.113.7", sourcePort: 5060, destinationPort: 40000,
                ipProtocol: .udp))
        let first = network.findings(walk) { $0.flows = [flow] }.first
        #expect(first?.code == "conntrack-stale")
        #expect(first?.message.contains("gives it the source 203.0.113.7, which host does not have") == true)
        #expect(
            first?.remedy?.commands == [
                "conntrack -D -p udp -s 172.19.0.2 -d 198.51.100.1 --sport 40000 --dport 5060"
            ])
        // The address that the rule gives is no older entry's.
        network.masquerade("-s 172.19.0.0/24 -o eth0 -j SNAT --to-source 203.0.113.7")
        #expect(network.findings(walk) { $0.flows = [flow] }.first?.code != "conntrack-stale")
    }

    @Test("a policy ends a reply whose request went past: accepting what is established would not help")
    mutating func pastTheRouter() {
        network.add(
            iptables(
                "filter", "FORWARD", policy: "drop",
                rules: ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "-i mybridge -j ACCEPT"]))
        // By another link, which the router does not see.
        let request = Probe.tcp(80, to: "198.51.100.1").walk(
            .delivered, through: [.sent("mynamespace"), .out("mynamespace", "veth9"), .into("wan", "wan9")])
        let reply = Probe.tcp(80, to: "198.51.100.1").reply.walk(
            .dropped,
            through: [.sent("wan"), .out("wan", "wan0"), .into("host", "eth0"), .hook("host", .prerouting, .dstnat)],
            stop: Stop(
                namespace: "host", hook: .forward,
                cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")), answers: request.id)
        let first = network.findings(request, reply: reply).first
        #expect(first?.code == "conntrack-invalid")
        #expect(first?.message.contains("the packets that it replies to do not pass through host") == true)
        #expect(
            first?.remedy?.commands.first
                == "iptables -A FORWARD -i eth0 -o mybridge -s 198.51.100.1 -d 172.19.0.2 -p tcp --sport 80 -j ACCEPT")
    }

    @Test("a SYN-ACK whose SYN nobody saw may go the wrong way for its request's sake: no gateway is changed")
    func unseenRequest() {
        var reply = Probe.tcp(80, to: "198.51.100.1").reply.walk(.dropped, through: [.sent("wan")])
        reply.findings = [
            Finding(
                code: "wrong-gateway", severity: .error, where: Finding.Place(namespace: "wan"),
                message: "uses another",
                evidence: [], remedy: Remedy([.ip(BaseNetwork().topology.namespaces[2], .ipv4, "route flush cache")]))
        ]
        let first = KnownCauses().related(reply).first
        #expect(first?.severity == .warning && first?.remedy == nil)
        #expect(first?.evidence.last?.text.contains("its connection is older than the run") == true)
    }
}

extension RuleDecisionTests {
    private func stopped(_ probe: Probe = .ping) -> Walk {
        probe.walk(
            .dropped, through: toBridge,
            stop: Stop(namespace: "host", cause: .kernelDrop(reason: "NETFILTER_DROP", location: "nft_do_chain")))
    }

    @Test("a mark that the packet lacks: who would have set it, and why not")
    mutating func missingMark() {
        network.add(
            iptables(
                "filter", "FORWARD", rules: ["-j POLICY", "-m mark ! --mark 0x10000/0x10000 -j REJECT"]),
            iptables("filter", "POLICY", rules: ["-s 172.19.0.77/32 -j MARK --set-xmark 0x10000/0x10000"]))
        let first = network.findings(stopped()).first
        #expect(first?.code == "rule-reject")
        #expect(
            first?.message.contains(
                "it lacks the mark 0x10000: iptables filter POLICY 1 would set it and does not match, since its source is 172.19.0.2"
            ) == true)
    }

    @Test("a set that another rule fills")
    mutating func filledSet() {
        network.add(
            nft(
                "inet", "fw", "in", hook: .forward,
                rules: [
                    (
                        "ip saddr @scan drop",
                        #"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@scan"}},{"drop":null}]"#
                    ),
                    (
                        "tcp dport 23 add @scan { ip saddr } drop",
                        #"[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":23}},{"set":{"op":"add","elem":{"payload":{"protocol":"ip","field":"saddr"}},"set":"@scan"}},{"drop":null}]"#
                    ),
                ]))
        network.change("host") {
            $0.netfilter.sets = [
                NamedSet(
                    family: "inet", table: "fw", name: "scan",
                    elements: #"[{"elem":{"val":"172.19.0.2","timeout":600,"expires":500}}]"#)
            ]
        }
        let first = network.findings(stopped()).first
        #expect(first?.code == "rule-drop")
        #expect(
            first?.message.contains(
                "its source is 172.19.0.2, in the set scan, to which nft inet fw in 2 adds: tcp dport 23 add @scan")
                == true)
    }
}
