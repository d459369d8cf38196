internal import Observations
internal import Network

/// What a trace of iptables-legacy means, told by the snapshot of the rules: the kernel names only a chain and a number.
struct LegacyRules {
    let index: RulesetIndex
    /// Where rules of our own stand, which the snapshot leaves out.
    let own: [OwnRules.Place: [Int]]

    /// What a packet met; nil for a rule of our own and for the end of a user's chain.
    ///
    /// - Parameters:
    ///   - family: `ip` or `ip6`.
    ///   - hook: where the packet was.
    func event(
        _ prefix: LegacyTracePrefix, family: TableFamily, hook: NetfilterHook, timeNanoseconds: Int64,
        namespace: String,
        headers: PacketHeadersRecord
    ) -> RuleEvent? {
        let mine = own[OwnRules.Place(family: family, table: prefix.table, chain: prefix.chain)] ?? []
        if mine.contains(prefix.number) { return nil }
        let position = prefix.number - mine.filter { $0 < prefix.number }.count
        let key = RulesetIndex.Key(isLegacy: true, family: family, table: prefix.table, chain: prefix.chain)
        let chain = index.chain(key)
        var reference = RuleReference(
            family: family, table: prefix.table, chain: prefix.chain, backend: .iptablesLegacy)
        if let chain, position <= chain.rules.count {
            let rule = chain.rules[position - 1]
            reference.position = position
            reference.text = rule.text
            reference.verdict = rule.target.iptablesVerdict { name in
                index.chain(
                    RulesetIndex.Key(isLegacy: true, family: family, table: prefix.table, chain: String(name))) != nil
            }
        } else if prefix.kind == .policy {
            // A chain of iptables that the snapshot does not have has come since then: its policy is not known.
            guard let policy = chain?.policy else { return nil }
            reference.verdict = .policy(policy)
        } else if prefix.kind == .return {
            return nil
        } else {
            reference.position = position
        }
        return RuleEvent(
            timeNanoseconds: timeNanoseconds, namespace: namespace, reference: reference,
            verdict: reference.verdict ?? .continue, baseChain: hook.rawValue.uppercased(), hook: hook,
            headers: headers)
    }
}
