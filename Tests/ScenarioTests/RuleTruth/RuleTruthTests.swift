import Network
import Ruleset
import Testing
import Wire

/// Expressions of both firewalls one by one, with the kernel's counters as the truth.
///
/// Every rule of the tables in `fixtures/rules` is met by up to eight kinds of packet. The evaluator says of each rule
/// whether it counts the packet: yes, no, or that it can't be told. Where it says yes or no the kernel has to agree.
@Suite("Rules, one expression at a time", .enabled(if: SandboxShell.isAvailable), .timeLimit(.minutes(6)))
struct RuleTruthTests {
    @Test("what the evaluator is certain of, the kernel's counters say too")
    func truth() throws {
        let tables = try RuleTables()
        let routers = try RuleRouters(tables, packets: tables.packets)
        var report = RuleTruthReport(leftOut: routers.leftOut)
        for name in [RuleRouters.native, RuleRouters.compatible, RuleRouters.legacy] {
            let namespace = try #require(routers.topology[namespace: name])
            let isNative = name == RuleRouters.native
            let judge = RuleJudge(namespace)
            for kind in TrialPacket.Kind.allCases {
                let matches = isNative ? tables.nftMatches : tables.iptablesMatches
                report.take(judge.judge(TrialPacket(kind, group: 0)), of: matches)
            }
            let cases = isNative ? tables.nftCases : tables.iptablesCases
            for trial in cases {
                for kind in TrialPacket.Kind.requests {
                    report.take(judge.judge(TrialPacket(kind, group: trial.number + 1)), of: trial)
                }
            }
        }
        print(report.summary)
        #expect(report.count >= 3000, "\(report.leftOut.joined(separator: "\n"))")
        #expect(report.wrong.isEmpty, "\(report.wrong.joined(separator: "\n"))")
        #expect(report.untold.isEmpty, "\(report.untold.joined(separator: "\n"))")
        #expect(report.unknownShare < 0.27)
    }
}
