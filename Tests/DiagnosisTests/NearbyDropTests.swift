import Observations
import Testing
import Network
import WalkModel
import Wire

@testable import Diagnosis

/// Drops that a source tells of without saying of which packet.
@Suite("Drops without a packet") struct NearbyDropTests {
    private var network = BaseNetwork()
    private let start: Int64 = 1_795_399_094_000_000_000  // 2026-11-23T01:58:14Z, as the walks of these tests have it.

    private func drop(
        _ reason: DropReason, location: String? = "somewhere", etherType: UInt16 = 0x0800, after milliseconds: Int64 = 0
    ) -> DropEvent {
        DropEvent(
            timeNanoseconds: start + milliseconds * 1_000_000, namespace: nil, reason: reason, location: location,
            headers: PacketHeadersRecord(PacketHeaders()), etherType: etherType)
    }

    /// What is found of a ping that was last seen at veth0 in host.
    private func findings(_ drops: [DropEvent], outcome: Walk.Outcome = .lost, losses: [WalkLoss] = []) -> [Finding] {
        var ledger = EvidenceLedger()
        ledger.take(.topology(network.topology, timeNanoseconds: start))
        for drop in drops { ledger.take(.drop(drop)) }
        var walk = Probe.ping.walk(outcome, through: Array(toBridge.prefix(3)))
        walk.losses = losses
        return ledger.explained(Exchange(request: walk)).request.findings
    }

    private mutating func program() {
        network.change("host", link: "veth0") { $0.programs = ["tc ingress drop_all"] }
    }

    private mutating func rule() {
        network.add(iptables("filter", "FORWARD", rules: ["-p icmp -j DROP"]))
    }

    @Test("speak for a cause that they fit, as the only ones of their time")
    mutating func support() throws {
        rule()
        let finding = try #require(findings([drop("NETFILTER_DROP", location: "nft_do_chain")]).first)
        #expect(finding.code == "rule-drop")
        #expect(
            finding.evidence.last?.description
                == "kernel: NETFILTER_DROP at nft_do_chain, the only drop of that family on this machine at that time; tracefs names neither packet nor namespace"
        )
    }

    @Test("of several reasons are told as counts, and of another time, family or of healthy traffic not at all")
    mutating func counts() throws {
        rule()
        let mixed = try #require(
            findings([drop("NETFILTER_DROP"), drop("IP_RPFILTER"), drop("IP_RPFILTER")]).first)
        #expect(
            mixed.evidence.last?.description
                == "kernel: dropped on this machine at that time: 2 IP_RPFILTER, 1 NETFILTER_DROP; tracefs names neither packet nor namespace"
        )
        let alike = try #require(findings([drop("NETFILTER_DROP"), drop("NETFILTER_DROP", location: "b")]).first)
        #expect(
            alike.evidence.last?.description.hasPrefix("kernel: NETFILTER_DROP, as all 2 drops of that family") == true)
        for other in [
            drop("NETFILTER_DROP", after: 5000), drop("NETFILTER_DROP", after: -50),
            drop("NETFILTER_DROP", etherType: 0x86dd), drop("NO_SOCKET"), drop("QDISC_DROP"),
        ] {
            let finding = try #require(findings([other]).first)
            #expect(
                finding.code == "rule-drop" && finding.evidence.allSatisfy { !$0.description.contains("tracefs") },
                "\(other)")
        }
    }

    @Test("put what state can't tell before what it can only where nothing speaks against it")
    mutating func order() throws {
        program()
        rule()
        // The program stands before the rule; nobody can look into it. The rule would stop the packet for certain.
        #expect(findings([]).first?.code == "rule-drop")
        let told = findings([drop("TC_INGRESS")])
        #expect(told.first?.code == "tc-drop" && told.first?.severity == .warning)
        #expect(
            told.first?.evidence.last?.description.hasPrefix("kernel: TC_INGRESS at somewhere, the only drop") == true)
        #expect(told.dropFirst().first?.code == "rule-drop")
        #expect(findings([drop("TC_INGRESS"), drop("NETFILTER_DROP")]).first?.code == "rule-drop")
        #expect(findings([drop("NETFILTER_DROP")]).first?.code == "rule-drop")
        let incomplete = findings([drop("TC_INGRESS")], losses: [WalkLoss(vantage: "drop reasons", lost: 3)])
        #expect(incomplete.first?.code == "rule-drop")
    }

    @Test("a program that the kernel names is the cause, not a rule behind it that would drop the packet for certain")
    mutating func named() throws {
        program()
        rule()
        let stop = Stop(
            namespace: "host", vantage: .drop,
            cause: .kernelDrop(reason: "TC_INGRESS", location: "__netif_receive_skb_core"))
        let walk = Probe.ping.walk(.dropped, through: Array(toBridge.prefix(3)), stop: stop)
        let found = network.findings(walk)
        #expect(found.first?.code == "tc-drop" && found.first?.severity == .error)
    }

    @Test("never make a later cause the first")
    mutating func later() {
        network.setting("net.ipv4.conf.mybridge.forwarding", "0", in: "host")
        rule()
        #expect(findings([]).first?.code == "forwarding-disabled")
        // Somebody else's packet.
        let found = findings([drop("NETFILTER_DROP")])
        #expect(found.first?.code == "forwarding-disabled")
        #expect(found.first?.evidence.allSatisfy { !$0.description.contains("NETFILTER_DROP") } == true)
    }

    @Test("are all there is to say where nothing explains a loss")
    mutating func unexplained() throws {
        let finding = try #require(findings([drop("QDISC_DROP", location: "__dev_queue_xmit")]).first)
        #expect(finding.code == "lost-unexplained" && finding.severity == .warning)
        #expect(
            finding.evidence.last?.description.hasPrefix("kernel: QDISC_DROP at __dev_queue_xmit, the only drop")
                == true)
    }

    @Test("are forgotten by and by, and then no longer called the only ones")
    mutating func flood() throws {
        rule()
        let many = [drop("IP_RPFILTER")] + Array(repeating: drop("NETFILTER_DROP"), count: 9000)
        let finding = try #require(findings(many).first)
        #expect(finding.evidence.last?.description.contains("at least ") == true)
        #expect(finding.evidence.allSatisfy { !$0.description.contains("as all") })
    }
}
