public import Network

extension RuleChain {
    /// From `iptables-save`.
    init(saved: IPTablesSave.Chain, backend: FirewallBackend, family: TableFamily) {
        self.init(backend: backend, family: family, table: saved.table, name: saved.name)
        if let place = BuiltInChain.place(table: saved.table, chain: saved.name) {
            (hook, priority, kind) = (place.hook, place.priority, place.kind)
            policy = saved.policy.map { ChainPolicy(rawValue: $0.lowercased()) }
            // iptables-nft-save prints zeros, its base chains count nothing.
            if backend == .iptablesLegacy { policyPackets = saved.packets }
        }
        rules = saved.rules
        dropOwn()
    }

    /// A rule as others name it.
    public func reference(to rule: Rule, verdict: String? = nil) -> RuleReference {
        RuleReference(
            family: family, table: table, chain: name, position: rule.position, handle: rule.handle, verdict: verdict,
            text: rule.text, backend: backend)
    }

    /// Takes away this project's own rules; the others are numbered as they are without them.
    fileprivate mutating func dropOwn() {
        guard rules.contains(where: \.isOwn) else { return }
        rules.removeAll(where: \.isOwn)
        for index in rules.indices { rules[index].position = index + 1 }
    }
}

extension Netfilter {
    /// Brings the native view of nf_tables and iptables' view of it together: every chain once, by the tool that made
    /// it, in the order of the kernel.
    init(order: [NFTablesChain], compatible: [IPTablesView], native: [NFTablesRuleset]) {
        self.init()
        var known: [ChainKey: RuleChain] = [:]
        for chain in native.flatMap(\.chains) {
            known[ChainKey(family: chain.family, table: chain.table, chain: chain.name)] = chain
        }
        var foreign: Set<ChainKey> = []
        for view in compatible {
            known.merge(view.chains) { _, second in second }
            foreign.formUnion(view.chains.keys)
        }
        chains = order.compactMap { known[$0.key] }
        sets = native.flatMap(\.sets)
        nftables = Self.text(native.flatMap(\.listing.tables), without: foreign)
    }

    /// The native tables as `nft -f` reads them; nil where there are none.
    private static func text(_ tables: [NFTablesListing.Table], without foreign: Set<ChainKey>) -> String? {
        var lines: [String] = []
        for table in tables {
            lines += table.parts.filter { part in
                part.chain.map {
                    foreign.contains(ChainKey(family: table.family, table: table.name, chain: $0))
                } != true
            }.flatMap(\.lines)
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n") + "\n"
    }

    /// Fills `backend` and `nat` from the chains.
    mutating func summarise() {
        for chain in chains where !chain.rules.isEmpty || chain.policy == .drop {
            if !backend.contains(chain.backend) { backend.append(chain.backend) }
        }
        for chain in chains {
            for rule in chain.rules {
                let found =
                    chain.backend == .nft
                    ? rule.expressions.flatMap {
                        NATRule(expressions: $0, text: rule.text, reference: chain.reference(to: rule))
                    }
                    : chain.table == "nat" ? NATRule(iptables: rule, reference: chain.reference(to: rule)) : nil
                if let found { nat.append(found) }
            }
        }
    }
}
