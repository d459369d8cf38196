internal import Network
internal import Ruleset
internal import WalkModel

extension RuleEnding {
    /// `; iptables filter INPUT 1 accepts such packets only as far as it says: -m limit --limit 1/s …`: a rule before the one that
    /// ends the packet, or of the chain whose policy does, that would accept it but for a rate, a count or a quota.
    var spentAcceptWords: String {
        spentAccept.map { "; \($0.name) accepts such packets only within its limit: \($0.text ?? "")" } ?? ""
    }

    private var spentAccept: RuleReference? {
        guard let chain = namespace.netfilter.compiled[CompiledChain.Key(ending.chain)] else { return nil }
        let position = ending.kind == .policy ? nil : rule.position
        let before = chain.rules.prefix { other in position.map { (other.reference.position ?? 0) < $0 } ?? true }
        return before.last { other in
            other.actions.contains { if case .accept = $0 { true } else { false } }
                && other.matches.contains { if case .limit = $0.field { true } else { false } }
                && other.matches.allSatisfy { match in
                    if case .limit = match.field { return true }
                    return match.evaluate(packet, at: site) == .holds
                }
        }?.reference
    }
}
