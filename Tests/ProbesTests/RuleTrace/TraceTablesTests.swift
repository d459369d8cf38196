import Observations
import Testing
import Network
import Wire

@testable import Probes

@Suite struct TraceTablesTests {
    private let run = RunIdentity(process: 1, start: 2, processSpace: 3)

    private func chain(_ family: TableFamily, _ hook: NetfilterHook, priority: Int = 0, device: String? = nil)
        -> RuleChain
    {
        RuleChain(
            backend: "nft", family: family, table: "t", name: "\(hook)", hook: hook, priority: priority, device: device)
    }

    @Test func `the mark is set before every chain of others, in a table that the kernel removes`() {
        let tables = TraceTables(
            run: run, chains: [chain("inet", .forward), chain("ip", .output, priority: -500)],
            matches: RuleTracing.limited(perSecond: 100).matches(filter: ["meta l4proto icmp"]))
        #expect(
            tables.ruleset == """
                table inet packetwalk-1.2.3-rules {
                    flags owner
                    chain trace-0 {
                        type filter hook prerouting priority -399; policy accept
                        meta l4proto icmp limit rate 100/second burst 10 packets meta nftrace set 1
                    }
                    chain trace-1 {
                        type filter hook output priority -399; policy accept
                        meta l4proto icmp limit rate 100/second burst 10 packets meta nftrace set 1
                    }
                    chain trace-2 {
                        type filter hook output priority -501; policy accept
                        meta l4proto icmp limit rate 100/second burst 10 packets meta nftrace set 1
                    }
                }

                """)
        #expect(tables.removal == "delete table inet packetwalk-1.2.3-rules\n")
    }

    @Test func `a run that looks at fewer packets than it was asked for has no rule that marks`() {
        let tables = TraceTables(
            run: run, chains: [chain("bridge", .forward)],
            matches: RuleTracing.limited(perSecond: 100).matches(filter: ["meta l4proto icmp"]))
        let chains = ["inet", "bridge"].flatMap { family in
            (0...1).map { "\(family) packetwalk-1.2.3-rules trace-\($0)" }
        }
        #expect(tables.change(toTracing: false) == chains.map { "flush chain \($0)\n" }.joined())
        let rule = "meta l4proto icmp limit rate 100/second burst 10 packets meta nftrace set 1"
        #expect(
            tables.change(toTracing: true)
                == chains.map { "flush chain \($0)\nadd rule \($0) \(rule)\n" }.joined())
    }

    @Test func `packets that are not in the sample pass before the limit counts them, where IP headers are read`() {
        let tables = TraceTables(
            run: run, chains: [chain("bridge", .forward)],
            matches: RuleTracing.limited(perSecond: 100).matches(filter: [""]), omissions: ["icmp type 8 accept"])
        let mark = "limit rate 100/second burst 10 packets meta nftrace set 1"
        #expect(tables.ruleset.contains("policy accept\n        icmp type 8 accept\n        \(mark)\n"))
        #expect(tables.ruleset.ranges(of: "icmp type 8 accept").count == 2)
    }

    @Test func `bridges and devices have tables only where they have chains`() {
        let tables = TraceTables(
            run: run,
            chains: [
                chain("bridge", .forward, priority: -200), chain("netdev", .ingress, priority: -500, device: "eth0"),
            ], matches: RuleTracing.all.matches(filter: [""]))
        #expect(tables.ruleset.contains("table bridge packetwalk-1.2.3-rules {"))
        #expect(tables.ruleset.contains("type filter hook ingress device \"eth0\" priority -501; policy accept"))
        #expect(tables.ruleset.contains("        meta nftrace set 1\n"))
        #expect(tables.removal.split(separator: "\n").count == 3)
    }

    @Test func `our own packet is traced without a limit, by what translation leaves alone`() {
        let tuple = FlowTuple(
            source: IPAddress(ipv4: 0), destination: IPAddress(ipv4: 0xc633_6401), sourcePort: 5001,
            destinationPort: 5001, ipProtocol: .icmp)
        let matches = RuleTracing.packet(tuple).matches(filter: [""])
        #expect(matches.first?.condition == "icmp type echo-request icmp id 5001")
        #expect(matches.first?.perSecond == nil)
    }

    @Test func `the rules of the iptables backend are found again by their comment`() {
        let text = XTablesRule.trace(run: run, match: "-p icmp", chains: XTablesRule.traceChains)
        #expect(text.hasPrefix("*raw\n-I PREROUTING 1 -p icmp -m comment --comment packetwalk:1.2.3 -j TRACE\n"))
        let saved = text.replacing("-I PREROUTING 1", with: "-A PREROUTING").replacing("-I OUTPUT 1", with: "-A OUTPUT")
        let (commands, runs) = XTablesRule.deletion(saved: saved) { $0 == run }
        #expect(runs.count == 2)
        #expect(commands.contains("-D OUTPUT -p icmp -m comment --comment packetwalk:1.2.3 -j TRACE"))
    }
}
