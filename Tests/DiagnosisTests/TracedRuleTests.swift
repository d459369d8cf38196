import Observations
import Testing
import Network
import WalkModel
import Wire

@testable import Diagnosis

/// What the kernel's trace says against what the rules as they were read say.
@Suite("Traced rules") struct TracedRuleTests {
    private var network = BaseNetwork()
    private let seen: [Sight] = toBridge + [.hook("host", .forward, .filter)]

    init() {
        network.add(
            iptables("filter", "FORWARD", rules: ["-p udp -j ACCEPT", "-i mybridge -j outer"]),
            iptables("filter", "outer", rules: ["-p tcp -j ACCEPT", "-d 198.51.100.1/32 -j DROP"]))
    }

    private func event(
        _ chain: String, _ position: Int?, _ verdict: Verdict, base: String = "FORWARD", table: String = "filter"
    ) -> RuleEvent {
        let found = network.topology.namespaces[1].netfilter.chains.first { $0.name == chain && $0.table == table }
        let rule = position.flatMap { number in found?.rules.first { $0.position == number } }
        return RuleEvent(
            timeNanoseconds: 0, namespace: "host",
            reference: RuleReference(
                family: "ip", table: table, chain: chain, position: position, handle: rule?.handle, verdict: verdict,
                text: rule?.text, backend: "iptables-nft"), verdict: verdict, baseChain: base, hook: .forward,
            headers: PacketHeadersRecord(PacketHeaders()), inDevice: "mybridge", outDevice: "eth0")
    }

    private func findings(_ events: [RuleEvent], losses: [WalkLoss] = []) -> (findings: [Finding], walk: Walk) {
        let ending = events.last(where: \.verdict.endsPacket)
        let stop = ending.map {
            Stop(namespace: "host", vantage: .drop, hook: .forward, stage: .filter, rule: $0.reference)
        }
        var walk = Probe.ping.walk(ending == nil ? .lost : .dropped, through: seen, stop: stop)
        walk.losses = losses
        return Diagnosis.findings(
            for: walk, reply: nil, context: DiagnosisContext(topology: network.topology, rules: events))
    }

    @Test("the rule that the trace names is the cause, with its way and the rules before it")
    func named() throws {
        let finding = try #require(
            findings([event("FORWARD", 2, "jump outer"), event("outer", 2, "drop")]).findings.first)
        #expect(finding.code == "rule-drop" && finding.severity == .error)
        #expect(finding.rule?.chain == "outer" && finding.rule?.position == 2)
        #expect(finding.evidence.map(\.description).contains("rule: traced: iptables filter outer 2"))
        #expect(finding.path.map { "\($0.chain) \($0.position ?? 0)" } == ["FORWARD 2"])
        #expect(finding.unmatched.map(\.because) == ["it is ICMP"])
        #expect(!finding.evidence.contains { $0.description.contains("the trace takes precedence") })
    }

    @Test("where the rules as read say another one, the trace decides and the finding says both")
    func disagreement() throws {
        // The rules changed between the reading and the packet: it was the first one then.
        let finding = try #require(
            findings([event("FORWARD", 2, "jump outer"), event("outer", 1, "drop")]).findings.first)
        #expect(finding.rule?.chain == "outer" && finding.rule?.position == 1)
        #expect(
            finding.evidence.map(\.description).contains(
                "state: by the rules as they were read, iptables filter outer 2 would have ended it; the trace takes precedence"
            ))
    }

    @Test("a rule that the rules as read do not have is named all the same")
    func unknownRule() throws {
        var ending = event("FORWARD", nil, "drop")
        ending.reference.handle = 99
        let finding = try #require(findings([ending]).findings.first)
        #expect(finding.rule?.handle == 99 && finding.rule?.chain == "FORWARD")
        #expect(finding.severity == .error && finding.where.namespace == "host" && finding.where.hook == .forward)
    }

    @Test("a chain that the trace shows passed holds no cause")
    func passed() throws {
        let events = [event("FORWARD", 2, "jump outer"), event("outer", 2, "accept")]
        let (found, _) = findings(events)
        #expect(found.allSatisfy { $0.rule == nil })
        #expect(
            found.first?.checks.contains {
                $0.holds == false && $0.text == "iptables filter outer 2: the trace shows that the packet passed it"
            } == true)
        // The same where rules were lost meanwhile: nothing is concluded.
        let unsure = findings(events, losses: [WalkLoss(vantage: "rule trace host", lost: 1)]).findings
        #expect(unsure.first?.code == "rule-drop")
    }

    @Test("that rules were lost does not weaken a cause that rests on what was seen")
    func lostRules() throws {
        let (found, _) = findings([], losses: [WalkLoss(vantage: "rule trace host", lost: 7)])
        #expect(found.first?.code == "rule-drop" && found.first?.severity == .error)
        #expect(found.first?.evidence.contains { $0.description.contains("a source lost events") } == false)
        let blind = findings([], losses: [WalkLoss(vantage: "pcap host:veth0", lost: 7)]).findings
        #expect(blind.first?.severity == .warning)
    }

    @Test("accepted in one base chain, dropped by a later one: both, from the trace")
    mutating func acceptedBefore() throws {
        network.add(iptables("security", "FORWARD", rules: ["-j DROP"]))
        network.change("host") { host in
            host.netfilter.chains.removeAll { $0.name == "outer" || $0.table == "filter" }
            host.netfilter.chains.append(iptables("filter", "FORWARD", rules: ["-m time --timestart 01:00 -j ACCEPT"]))
        }
        let finding = try #require(
            findings([event("FORWARD", 1, "accept"), event("FORWARD", 1, "drop", table: "security")]).findings.first)
        #expect(finding.rule?.table == "security")
        #expect(finding.code == "accept-not-final")
        #expect(finding.message.contains("iptables filter FORWARD 1"))
    }

    @Test("the way is told only where it is known whole")
    func path() {
        let ending = event("outer", 2, "drop")
        #expect(TraceReading([ending]).path(to: ending.reference) == nil)
        let jump = event("FORWARD", 2, "jump outer")
        #expect(TraceReading([jump, ending]).path(to: ending.reference) == [jump.reference])
        let foreign = event("FORWARD", 2, "jump outer", table: "mangle")
        #expect(TraceReading([foreign, ending]).path(to: ending.reference) == nil)
    }
}
