import FoundationEssentials
import Glibc
import LinuxSystem
import Observations
import Testing
import Network
import Twin
import WalkModel

/// The rules that a packet met, as the kernel told of them. Expected rules are written from the labs' own commands.
@Suite("The rules that a packet met", .serialized, .enabled(if: LabRun.isAvailable))
struct RuleTraceLabTests {
    /// No lab here needs root: where the tests have it, they do without.
    private static let user: UInt32? = geteuid() == 0 ? 65_534 : nil
    private static let root = String(#filePath.dropLast("/Tests/ScenarioTests/RuleTraceLabTests.swift".count))

    private static let threeDeep = [
        "FORWARD 1 jump outer", "outer 2 jump middle", "middle 1 jump inner", "inner 1 drop",
    ]

    @Test(
        "stand where they ended it, with the way to their chain",
        arguments: [
            ("rule-drop-chains-iptables-nft", threeDeep),
            ("rule-drop-chains-iptables-legacy", threeDeep),
            (
                "rule-drop-nftables",
                ["forward 1 jump outer", "outer 2 jump middle", "middle 1 goto inner", "inner 1 drop"]
            ),
            ("rule-drop-nftables-bridge", ["forward 1 drop"]),
            ("rule-drop-nftables-netdev", ["ingress 1 drop"]),
            ("rule-drop-nftables-ipv6", ["forward 1 drop"]),
            ("rule-drop-ip6tables", ["FORWARD 1 drop"]),
            ("rule-reject-iptables-nft", ["FORWARD 1 reject"]),
            ("rule-reject-iptables-legacy", ["FORWARD 1 reject"]),
            (
                "policy-drop-iptables-nft",
                ["FORWARD 1 jump DOCKER-USER", "DOCKER-USER 1 return", "FORWARD policy drop"]
            ),
        ], [false, true])
    func ending(ending: (lab: String, expected: [String]), isHidden: Bool) throws {
        let (lab, expected) = ending
        let hiding = isHidden ? try LabRun.hiding(lab) : []
        let run = try LabRun.packetwalk(["lab", "run", lab, "--format", "json"] + hiding, as: Self.user)
        let walk = try #require(run.walks.first, "\(run.standardError)")
        let drop = try #require(walk.hops.last { $0.vantage == .drop }, "\(lab): \(walk.outcome)")
        #expect(drop.namespace == "host" && drop.evidence == [.rule])
        #expect(drop.rules.map(\.words) == expected, "\(lab)")
        // Only the rule itself can have a text, never a policy.
        #expect(drop.rules.allSatisfy { ($0.text != nil) == ($0.position != nil) })
        #expect(walk.stoppedAt?.rule == drop.rules.last)
        let finding = try #require(walk.findings.first)
        #expect(finding.evidence.contains { $0.description.hasPrefix("rule: traced: ") }, "\(finding.evidence)")
        #expect(finding.severity == .error)
    }

    @Test("of an earlier base chain stand at its hop: accepted there, dropped behind")
    func acceptedBefore() throws {
        let run = try LabRun.packetwalk(["lab", "run", "accept-not-final", "--format", "json"], as: Self.user)
        let walk = try #require(run.walks.first, "\(run.standardError)")
        let accepting = walk.hops.filter { $0.hook == .forward && $0.vantage == .netfilter }.flatMap(\.rules)
        #expect(accepting.map { "\($0.table) \($0.words)" } == ["first forward 1 accept"])
        let dropping = walk.hops.last?.rules ?? []
        #expect(dropping.map { "\($0.table) \($0.words)" } == ["second forward 1 drop"])
        #expect(walk.findings.first?.code == "accept-not-final")
    }

    @Test(
        "are traced through the iptables backend, too, while an ordinary program sends",
        arguments: ["rule-drop-chains-iptables-nft", "rule-drop-chains-iptables-legacy"])
    func iptablesBackend(lab: String) throws {
        let run = try LabRun.packetwalk(
            ["lab", "run", lab, "--trace", "--hooks", "iptables", "--format", "json"], as: Self.user)
        let walk = try #require(
            run.walks.first { $0.protocol == "icmp" && $0.kind.isEchoRequest }, "\(run.standardError)")
        #expect(walk.hops.last?.rules.map(\.words) == Self.threeDeep, "\(run.standardError)")
    }

    @Test("are not told without --rules, and the cause is found all the same")
    func none() throws {
        let run = try LabRun.packetwalk(
            ["lab", "run", "rule-drop-nftables", "--trace", "--rules", "none", "--format", "json"], as: Self.user)
        let walk = try #require(run.walks.first { $0.protocol == "icmp" && $0.kind.isEchoRequest })
        #expect(!walk.hops.contains { $0.evidence.contains(.rule) })
        #expect(walk.losses.allSatisfy { !$0.vantage.hasPrefix("rule trace") })
        #expect(walk.findings.first?.code == "rule-drop")
    }

    /// Every packet of the flood passes two base chains of the router, and arrives. The sender waits for no answer: 20,000
    /// packets a second, for a twentieth of a second.
    @Test(
        "a walk whose rules were lost says so, and nothing is claimed from their absence",
        arguments: [("nft", "all"), ("iptables-nft", "all"), ("iptables-legacy", "all"), ("iptables-legacy", "100")])
    func flood(backend: String, rules: String) throws {
        let script = "\(Self.root)/scripts/rule-flood.sh"
        let output = try Command([script, LabRun.program, backend, "1000", "20000", "--rules", rules]).run()
        #expect(output.status == 0, "\(output.errorText.suffix(500))")
        let isLegacy = backend == "iptables-legacy"
        let before = backend == "nft" ? "before policy accept" : "PREROUTING policy accept"
        // The kernel's TRACE tells of a jump only by the rule's number.
        let forward = backend == "nft" ? "forward " : "FORWARD "
        let sources = ["rule trace host"] + (isLegacy ? ["rule trace host (iptables-legacy)"] : [])
        var walks = 0
        var whole = 0
        var saying = 0
        for line in output.text.split(separator: "\n") where line.hasPrefix("{") {
            let walk = try LabRun.walk(line)
            guard walk.protocol == "icmp" else { continue }
            walks += 1
            let met = walk.hops.flatMap(\.rules).map(\.words)
            let isWhole =
                met.contains(before) && met.contains("inner 2 accept")
                && met.contains { $0.hasPrefix(forward) && $0.hasSuffix(" jump inner") }
            whole += isWhole ? 1 : 0
            let saysSo = walk.losses.contains { sources.contains($0.vantage) && $0.lost > 0 }
            saying += saysSo ? 1 : 0
            // Sent on by the router, as the capture there has it.
            let isSeenBehind = walk.hops.contains {
                $0.namespace == "host" && $0.vantage == .link && $0.direction == .out
            }
            if isSeenBehind { #expect(isWhole || saysSo, "\(walk.summary): \(met) \(walk.losses)") }
            // Nothing was dropped, and nothing may be said to have been: neither for want of a rule nor of a sighting.
            #expect([.delivered, .left].contains(walk.outcome), "\(walk.summary): \(walk.hops.map(\.namespace))")
            #expect(walk.stoppedAt?.rule == nil)
            #expect(walk.findings.allSatisfy { $0.severity != .error && $0.rule == nil })
        }
        #expect(walks >= 100)
        // The other half of what is claimed: with a limit most walks have none of their rules, and say it.
        #expect(saying > 0 || whole == walks)
        if rules != "all" { #expect(whole > 0 && whole < walks && saying > 0) }
    }
}

extension RuleReference {
    /// `FORWARD 1 jump outer`, `FORWARD policy drop`.
    fileprivate var words: String {
        ([chain, position.map { "\($0)" }, verdict?.rawValue] as [String?]).compactMap(\.self).joined(separator: " ")
    }
}
