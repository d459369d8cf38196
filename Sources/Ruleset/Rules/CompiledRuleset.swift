package import Network

/// The rules of one namespace, of every firewall, taken apart once: to be evaluated, compared and printed.
///
/// A value without counters: two snapshots whose rules are the same have the same compiled ruleset. Making one costs
/// some ten microseconds a rule; `Netfilter.compiled` keeps it.
package struct CompiledRuleset: Hashable, Sendable {
    /// In the order of the snapshot.
    package let chains: [CompiledChain]
    package let sets: [CompiledSet.Key: CompiledSet]
    private let positions: [CompiledChain.Key: Int]
    private let bases: [NetfilterHook: [Int]]

    package init(_ netfilter: Netfilter) {
        var compiler = RuleCompiler(sets: netfilter.sets)
        chains = netfilter.chains.enumerated().map { compiler.chain($0.element, index: $0.offset) }
        sets = compiler.compiledSets()
        positions = [CompiledChain.Key: Int](
            chains.map { ($0.key, $0.index) }, uniquingKeysWith: { first, _ in first })
        bases = Self.kernelOrder(chains)
    }

    package subscript(key: CompiledChain.Key) -> CompiledChain? { positions[key].map { chains[$0] } }

    /// The base chains of a hook in the order in which the kernel runs them.
    package func baseChains(_ hook: NetfilterHook, families: Set<TableFamily>) -> [CompiledChain] {
        (bases[hook] ?? []).map { chains[$0] }.filter { families.contains($0.key.family) }
    }

    /// By priority.
    private static func kernelOrder(_ chains: [CompiledChain]) -> [NetfilterHook: [Int]] {
        var bases: [NetfilterHook: [Int]] = [:]
        for chain in chains { if let hook = chain.hook { bases[hook, default: []].append(chain.index) } }
        return bases.mapValues { $0.sorted { (chains[$0].priority, $0) < (chains[$1].priority, $1) } }
    }
}
