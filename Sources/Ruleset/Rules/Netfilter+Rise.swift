internal import Network

extension Netfilter {
    /// By how many packets the counter of a rule rose since this was read; nil where the rule is another now, or counts
    /// nothing.
    ///
    /// - Parameter chain: as it was read later.
    func rise(ofRuleAt position: Int, in chain: RuleChain) -> UInt64? {
        guard let earlier = chains.first(where: { $0.isSame(as: chain) }),
            let old = earlier.rule(at: position), let new = chain.rule(at: position), old.handle == new.handle,
            old.text == new.text, let count = old.packets, let later = new.packets, later >= count
        else { return nil }
        return later - count
    }
}

extension RuleChain {
    fileprivate func isSame(as other: RuleChain) -> Bool {
        name == other.name && table == other.table && family == other.family && backend == other.backend
    }

    fileprivate func rule(at position: Int) -> Rule? {
        let index = position - 1
        if rules.indices.contains(index), rules[index].position == position { return rules[index] }
        return rules.first { $0.position == position }
    }
}
