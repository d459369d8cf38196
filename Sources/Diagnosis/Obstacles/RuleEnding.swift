internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A rule or policy that ends a packet, where it was asked, and what is known of the packet there.
struct RuleEnding: Sendable {
    var ending: HookResult.Ending
    var traversal: HookTraversal
    var packet: PacketState
    /// Conditions before it that could not be told.
    var doubts: [String] = []

    var isReject: Bool {
        if case .reject = ending.kind { true } else { false }
    }

    /// What the rule does with it: `rejects`, `drops`.
    var verb: String { isReject ? "rejects" : "drops" }

    var namespace: Namespace { traversal.site.namespace }
    var site: RuleSite { traversal.site }
    var rule: RuleReference { ending.rule }
    /// `172.19.0.2 > 198.51.100.1`, or `the reply 198.51.100.1 > 172.19.0.2`.
    var subject: String {
        let what = packet.fragment == .later ? "later fragments of " : ""
        let kind = packet.isICMPError ? "the ICMP error " : packet.isReply ? "the reply " : ""
        return "\(what)\(kind)\(packet.source) > \(packet.destination)"
    }
    /// The rule's text with its comment.
    var text: String { (rule.text ?? "") + " " + (ending.comment ?? "") }

    /// Whether Docker's chains are here, or the rule is of one.
    var isDocker: Bool {
        (ending.path.map(\.chain) + [rule.chain]).contains { $0.hasPrefix("DOCKER") } || rule.table.hasPrefix("docker")
            || namespace.netfilter.chains.contains { $0.name == "DOCKER-USER" || $0.name == "DOCKER" }
    }

    /// The finding as for any rule: where, the evidence, the rule's path and misses, an accept before it.
    func finding(_ code: FindingCode) -> Finding {
        let isOut = traversal.hook == .output || traversal.hook == .postrouting
        let device = traversal.device ?? (isOut ? site.outDevice : site.inDevice)
        return Finding(
            code: code, severity: .error,
            where: Finding.Place(namespace: namespace.name, hook: traversal.hook, device: device), message: "",
            evidence: [.state("\(rule.name) in \(namespace.name)")] + laterAcceptFacts
                + doubts.prefix(3).map { .state("undetermined: \($0)") },
            rule: rule, path: ending.path, unmatched: ending.unmatched,
            remedy: Remedy(AcceptRemedy.actions(traversal: traversal, ending: ending, packet: packet)))
    }

    /// A rule made for such packets that stands after the one that ends it.
    private var laterAccept: LaterAccept? {
        guard doubts.isEmpty, ending.kind != .policy else { return nil }
        return traversal.accept(after: ending, packet)
    }

    private var laterAcceptFacts: [Fact] {
        laterAccept.map { [.state("\($0.rule.name) would accept it, and comes after: \($0.rule.text ?? "")")] } ?? []
    }

    /// `; the accept in iptables filter INPUT 5 comes after it`, where nothing ever comes to that rule.
    var deadAcceptWords: String {
        laterAccept.flatMap { later in
            later.isDead ? "; the accept in \(later.rule.name) comes after it, and no packet gets there" : nil
        } ?? ""
    }

    /// By which drop reasons it shows. Where programs of tc are asked too, one can be taken for the other.
    var reasons: Set<DropReason> {
        let always: Set<DropReason> = ["NETFILTER_DROP", "NETFILTER_REJECT", "DEV_READY"]
        if case .queue = ending.kind { return ["NOT_SPECIFIED"] }
        if case .forward = ending.kind { return [] }
        return rule.family == .netdev ? always.union(["TC_INGRESS", "TC_EGRESS"]) : always
    }
}

extension HookStep {
    /// The rules that may end the packet, then the one that does.
    func candidates(_ surroundings: Surroundings) -> [Candidate] {
        let sure = result.ending.map { [($0, true)] } ?? []
        return (result.possible.map { ($0, false) } + sure).compactMap { ending, isSure in
            var packet = packet
            packet.fragment = result.fragment
            let rule = RuleEnding(ending: ending, traversal: traversal, packet: packet, doubts: result.doubts)
            var candidate = Catalogue.candidate(for: rule, surroundings)
            if !isSure { candidate.isCertain = false }
            candidate.count = RuleCount(
                rise: ending.rise, isConditional: !isSure,
                isSureElse: isSure && result.isOrderKnown && !ending.mayBePassedBy)
            if !isSure, let rise = ending.rise {
                candidate.finding.evidence.append(.state("its counter rose by \(rise) meanwhile"))
            }
            if isSure, !result.isOrderKnown {
                candidate.isCertain = false
                candidate.finding.evidence.append(
                    .state(
                        "a chain of the other firewall (legacy iptables, nf_tables) with the same priority ends it too: which one runs first can't be read"
                    ))
            }
            return candidate
        }
    }
}

extension RuleReference {
    /// Whether it stands for the policy of a base chain, which is no rule of it.
    var isPolicy: Bool { position == nil && handle == nil }

    /// `iptables filter FORWARD 1`, `the policy of iptables filter FORWARD`.
    var words: String { isPolicy ? "the policy of \(chainName)" : name }
}
