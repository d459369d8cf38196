internal import Network
internal import Ruleset

extension RuleChain {
    /// From `iptables-save`.
    init(saved: IPTablesSave.Chain, backend: FirewallBackend, family: TableFamily) {
        self.init(backend: backend, family: family, table: saved.table, name: saved.name)
        if let place = BuiltInChain.place(table: saved.table, chain: saved.name) {
            (hook, priority, kind) = (place.hook, place.priority, place.kind)
            policy = saved.policy.map { Verdict(rawValue: $0.lowercased()) }
            // iptables-nft-save prints zeros, its base chains count nothing.
            if backend == .iptablesLegacy { policyPackets = saved.packets }
        }
        rules = saved.rules
        dropOwn()
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
        nat = chains.flatMap { chain in
            chain.rules.filter { chain.mayTranslate($0) }.compactMap { NATRule(CompiledRule($0, in: chain)) }
        }
    }
}

extension RuleChain {
    /// Whether a rule may be one that translates. Few are, and only those are taken apart here.
    fileprivate func mayTranslate(_ rule: Rule) -> Bool {
        if backend != .nft { return table == "nat" }
        guard let expressions = rule.expressions else { return false }
        return expressions.holds("\"masquerade\"") || expressions.holds("\"snat\"") || expressions.holds("\"dnat\"")
            || expressions.holds("\"redirect\"")
    }
}
