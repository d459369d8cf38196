internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// Who set the mark for which a rule ends a packet: the rule that decided stands elsewhere.
struct MarkDecision: Sendable {
    /// The mark's bits that the rule asks for, as it writes them: `0x8000`.
    var value: String
    /// The rule that set them.
    var setter: RuleReference
    /// The rule that sent the packet there, where the setter's own conditions do not decide.
    var jump: RuleReference?

    /// The rule by whose conditions the packet was marked.
    var decider: RuleReference { jump ?? setter }

    /// Nil where the rule asks for no mark, or nobody is known to have set it.
    init?(_ rule: RuleEnding, _ surroundings: Surroundings) {
        guard let compiled = rule.compiled, let wanted = compiled.matches.lazy.compactMap(Self.mark).first else {
            return nil
        }
        value = "0x\(String(wanted.value, radix: 16))"
        let found =
            Self.traced(wanted, rule, surroundings.context)
            ?? Self.configured(wanted, rule, surroundings)
        guard let (setter, path) = found else { return nil }
        self.setter = setter
        let isUnconditional = rule.namespace.netfilter.compiled.rule(setter)?.matches.isEmpty ?? false
        jump = isUnconditional ? path.last : nil
    }

    typealias Wanted = (value: UInt32, mask: UInt32)

    /// What a condition on the mark asks for; nil for any other, and for one that asks for no bits.
    static func mark(_ match: Match) -> Wanted? {
        guard match.field == .mark, !match.isNegated, case .numbers(let range)? = match.values.first,
            range.count == 1, let value = UInt32(exactly: range.lowerBound), value != 0
        else { return nil }
        return (value, match.mask.flatMap { UInt32(exactly: $0) } ?? .max)
    }

    static func sets(_ rule: CompiledRule, _ wanted: Wanted) -> Bool {
        rule.actions.contains {
            guard case .setMark(let value?, let mask) = $0 else { return false }
            return mask & wanted.mask != 0 && value & wanted.value & wanted.mask != 0
        }
    }

    /// By the rule trace: the last rule before that sets it.
    private static func traced(
        _ wanted: Wanted, _ rule: RuleEnding, _ context: DiagnosisContext
    ) -> (RuleReference, [RuleReference])? {
        let ruleset = rule.namespace.netfilter.compiled
        let event = context.rules.last { event in
            event.namespace == rule.namespace.name && !event.reference.isSame(as: rule.rule)
                && ruleset.rule(event.reference).map { sets($0, wanted) } ?? false
        }
        return event.map { ($0.reference, TraceReading(context.rules).path(to: $0.reference) ?? []) }
    }

    /// By the rules as they are: those on the path so far, else those that the packet must have met before.
    private static func configured(
        _ wanted: Wanted, _ rule: RuleEnding, _ surroundings: Surroundings
    ) -> (RuleReference, [RuleReference])? {
        let name = rule.namespace.name
        func last(_ markings: [HookResult.Marking]) -> (RuleReference, [RuleReference])? {
            markings.last { $0.mask & wanted.mask != 0 && $0.mark & wanted.mask == wanted.value }
                .map { ($0.rule, $0.path) }
        }
        if let found = last(surroundings.markings.filter { $0.namespace == name }.map(\.marking)) { return found }
        let first: NetfilterHook = rule.site.inDevice == nil ? .output : .prerouting
        var asked = rule.packet
        if asked.isDestinationTranslated == true, let destination = asked.originalDestination {
            asked.destination = destination
        }
        asked.mark = 0
        var site = rule.site
        if first == .prerouting { site.outDevice = nil }
        let families: Set<TableFamily> = [asked.source.isIPv4 ? "ip" : "ip6", "inet"]
        return last(HookTraversal(site: site, hook: first, families: families).run(asked).markings)
    }

    /// The rules that decided.
    var facts: [Fact] {
        [setter, jump].compactMap(\.self).map { .state("\($0.name): \($0.text ?? "")") }
    }

    /// `; iptables nat KUBE-XLB 2 set the mark 0x8000 by jumping to KUBE-MARK-DROP: …`.
    var words: String {
        let text = decider.text.map { ": \($0)" } ?? ""
        guard let jump else { return "; the mark \(value) was set by \(setter.name)\(text)" }
        return "; the mark \(value) was set by \(setter.name), to which \(jump.name) sent the packet\(text)"
    }
}

/// The rule that would have given a packet the mark for want of which another rule ends it.
struct MissingMark: Sendable {
    var value: String
    var setter: RuleReference
    /// Why the rule did not match: `its source is 172.19.0.2`.
    var because: String

    /// Nil where the rule does not ask for the absence of a mark, or nothing would set it.
    init?(_ rule: RuleEnding) {
        let wanted = rule.compiled?.matches.lazy.compactMap { match -> MarkDecision.Wanted? in
            guard match.isNegated else { return nil }
            var positive = match
            positive.isNegated = false
            return MarkDecision.mark(positive)
        }.first
        guard let wanted else { return nil }
        value = "0x\(String(wanted.value, radix: 16))"
        let chains = rule.namespace.netfilter.compiled.chains.filter {
            $0.key.backend == rule.ending.chain.backend && $0.key.family == rule.rule.family
        }
        for candidate in chains.flatMap(\.rules) where MarkDecision.sets(candidate, wanted) {
            let failing = candidate.matches.first { $0.evaluate(rule.packet, at: rule.site) == .fails }
            guard let failing else { continue }
            setter = candidate.reference
            because = failing.explanation(rule.packet, at: rule.site)
            return
        }
        return nil
    }

    /// `; it lacks the mark 0x10000: iptables filter KUBE-NWPLCY-X 1 would set it and does not match, since its source is …`.
    var words: String {
        "; it lacks the mark \(value): \(setter.name) would set it and does not match, since \(because)"
    }
}

extension RuleEnding {
    /// Why the packet met the rule's conditions, where another rule decided that, or a set.
    func reasonWords(_ decision: MarkDecision?) -> String {
        decision?.words ?? MissingMark(self)?.words ?? setWords
    }

    /// The rule taken apart; nil for a policy.
    var compiled: CompiledRule? { namespace.netfilter.compiled.rule(rule) }
}

extension CompiledRuleset {
    /// The rule that a reference is to.
    func rule(_ reference: RuleReference) -> CompiledRule? {
        let backends = reference.backend.map { [$0] } ?? [.nft, .iptablesNft, .iptablesLegacy]
        for backend in backends {
            let key = CompiledChain.Key(
                backend: backend, family: reference.family, table: reference.table, name: reference.chain)
            if let rule = self[key]?.rules.first(where: { $0.reference.isSame(as: reference) }) { return rule }
        }
        return nil
    }
}
