package import Network

/// A rule that would accept a packet, but stands after the one that ends it.
package struct LaterAccept: Sendable {
    package var rule: RuleReference
    /// Whether no packet comes to it: whatever meets its conditions meets those of the rule that ends it.
    package var isDead: Bool
}

extension HookTraversal {
    /// The rule that would accept a packet, were it not for the rule that ends it: what stands after that rule in its
    /// chain, then after the jumps that led there.
    ///
    /// Only a rule that was made for such packets counts: one that names a port, an address, or a type of ICMP. That what
    /// is not dropped is accepted in the end says nothing of anybody's intention.
    ///
    /// - Parameter packet: as it came to the rule.
    package func accept(after ending: HookResult.Ending, _ packet: PacketState) -> LaterAccept? {
        let ruleset = site.namespace.netfilter.compiled
        guard let start = ruleset[CompiledChain.Key(ending.chain)], let position = ending.rule.position,
            let dropping = start.rules.first(where: { $0.reference.position == position })
        else { return nil }
        var stations: [(chain: CompiledChain, position: Int)] = [(start, position)]
        for jump in ending.path.reversed() {
            var key = start.key
            key.name = jump.chain
            guard let chain = ruleset[key], let position = jump.position else { break }
            stations.append((chain, position))
        }
        for (chain, position) in stations {
            var rest = chain
            rest.rules = chain.rules.filter { ($0.reference.position ?? 0) > position }
            // What its policy does is no rule's.
            rest.dropsByPolicy = false
            var walk = ChainWalk(self, packet)
            if walk.pass(rest) || !walk.result.doubts.isEmpty { return nil }
            guard let accepted = walk.result.accepted.first else { continue }
            guard let rule = ruleset.rule(accepted), rule.isSpecific else { return nil }
            return LaterAccept(rule: accepted, isDead: chain.key == start.key && rule.implies(dropping))
        }
        return nil
    }
}

extension CompiledRuleset {
    fileprivate func rule(_ reference: RuleReference) -> CompiledRule? {
        guard let backend = reference.backend else { return nil }
        let key = CompiledChain.Key(
            backend: backend, family: reference.family, table: reference.table, name: reference.chain)
        return self[key]?.rules.first { $0.reference == reference }
    }
}

extension CompiledRule {
    /// Whether it asks for a port, an address or a type of ICMP.
    fileprivate var isSpecific: Bool {
        matches.contains { match in
            guard !match.isNegated, !match.values.isEmpty else { return false }
            return match.field.isOfFlow
        }
    }
}

extension RuleField {
    fileprivate var isOfFlow: Bool {
        switch self {
        case .address, .port, .icmpType: true
        case .concatenation(let parts): parts.contains(where: \.isOfFlow)
        default: false
        }
    }
}
