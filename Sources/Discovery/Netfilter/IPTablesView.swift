internal import Network

/// One family's chains of nf_tables as iptables-nft shows them.
struct IPTablesView: Sendable {
    var chains: [ChainKey: RuleChain] = [:]

    /// - Parameters:
    ///   - chains: what the kernel lists, of all families.
    ///   - saved: what `iptables-nft-save` says.
    ///   - handles: of the rules, chain by chain.
    ///
    /// A table is iptables' where one of its base chains can be nobody else's. nft may have chains of its own in there,
    /// which iptables does not list; `iptables-nft-save` for its part lists base chains that do not exist.
    init(family: TableFamily, chains: [NFTablesChain], saved: IPTablesSave, handles: [ChainKey: [UInt64]]) {
        let shared = Set(chains.filter { $0.key.family == family && $0.isIPTablesBase }.map(\.key.table))
        let kernel = [ChainKey: NFTablesChain](chains.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for var chain in saved.chains where shared.contains(chain.table) {
            let key = ChainKey(family: family, table: chain.table, chain: chain.name)
            guard let found = kernel[key], found.hook == nil || found.isIPTablesBase else { continue }
            if let handles = handles[key], handles.count == chain.rules.count {
                for index in chain.rules.indices { chain.rules[index].handle = handles[index] }
            }
            self.chains[key] = RuleChain(saved: chain, backend: .iptablesNft, family: family)
        }
    }

    /// Whether no chain of `table` is left for nft to show.
    func coversAll(of table: NFTablesTable, chains: [NFTablesChain]) -> Bool {
        let own = chains.filter { $0.table == table }
        return !own.isEmpty && own.allSatisfy { self.chains[$0.key] != nil }
    }
}
