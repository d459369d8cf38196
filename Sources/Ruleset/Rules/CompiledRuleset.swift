package import Network

/// The rules of one namespace, of every firewall, taken apart once: to be evaluated, compared and printed.
///
/// A value without counters: two snapshots whose rules are the same have the same compiled ruleset. Making one costs
/// some ten microseconds a rule; `Netfilter.compiled` keeps it.
package struct CompiledRuleset: Hashable, Sendable {
    /// In the order of the snapshot.
    package let chains: [CompiledChain]
    package let sets: [CompiledSet.Key: CompiledSet]
    /// Whether a rule sets the zone of a packet's connection, or keeps conntrack from it.
    package let steersConntrack: Bool
    /// Whether a rule gives packets to a socket of the namespace (TPROXY).
    package let givesToSockets: Bool
    /// Whether a rule writes the mark of a connection.
    package let setsConnectionMark: Bool
    /// Whether conntrack sees what bridges forward, as rules of the bridge family ask for (nf_conntrack_bridge).
    package let tracksBridged: Bool
    private let positions: [CompiledChain.Key: Int]
    private let bases: [NetfilterHook: [Int]]

    package init(_ netfilter: Netfilter) {
        var compiler = RuleCompiler(netfilter)
        chains = netfilter.chains.enumerated().map { compiler.chain($0.element, index: $0.offset) }
        sets = compiler.compiledSets()
        positions = [CompiledChain.Key: Int](
            chains.map { ($0.key, $0.index) }, uniquingKeysWith: { first, _ in first })
        bases = Self.kernelOrder(chains)
        steersConntrack = chains.contains { $0.rules.contains { $0.actions.contains(where: \.steersConntrack) } }
        givesToSockets = chains.contains { chain in
            chain.rules.contains { $0.actions.contains { if case .transparentProxy = $0 { true } else { false } } }
        }
        setsConnectionMark = chains.contains { $0.rules.contains { $0.actions.contains(where: \.setsConnectionMark) } }
        tracksBridged = chains.contains { chain in
            chain.key.family == .bridge
                && chain.rules.contains {
                    $0.actions.contains(where: \.steersConntrack) || $0.matches.contains(where: \.asksConntrack)
                }
        }
    }

    /// Rules that hand packets to the kernel's SYN proxy, which takes them and opens connections by itself.
    package var synProxies: [CompiledRule] {
        chains.flatMap { chain in
            chain.rules.filter { $0.actions.contains(where: \.isSynProxy) }
        }
    }

    package subscript(key: CompiledChain.Key) -> CompiledChain? { positions[key].map { chains[$0] } }

    /// The base chains of a hook in the order in which the kernel runs them.
    package func baseChains(_ hook: NetfilterHook, families: Set<TableFamily>) -> [CompiledChain] {
        (bases[hook] ?? []).map { chains[$0] }.filter { families.contains($0.key.family) }
    }

    /// By priority; of equal ones the chain that was registered last runs first, since the kernel puts a new hook before
    /// those of its priority (nf_hook_entries_grow).
    ///
    /// nf_tables lists tables, and chains in them, in the order of their creation. A chain that was added later to an
    /// older table can't be told from one that was there. Nothing says when iptables-legacy registered a table: its
    /// chains come after those of nf_tables here, and `rivals` tells.
    private static func kernelOrder(_ chains: [CompiledChain]) -> [NetfilterHook: [Int]] {
        var bases: [NetfilterHook: [Int]] = [:]
        for chain in chains { if let hook = chain.hook { bases[hook, default: []].append(chain.index) } }
        func rank(_ chain: CompiledChain) -> (Int, Int, Int) {
            (chain.priority, chain.isLegacy ? 1 : 0, -chain.index)
        }
        return bases.mapValues { $0.sorted { rank(chains[$0]) < rank(chains[$1]) } }
    }

    /// The base chains among `others` of the same hook that may run before this one or after it: the state of the host
    /// does not tell.
    static func rivals(of chain: CompiledChain, among others: [CompiledChain]) -> [CompiledChain] {
        others.filter { $0.priority == chain.priority && $0.isLegacy != chain.isLegacy }
    }
}

extension Match {
    fileprivate var asksConntrack: Bool {
        switch field {
        case .connectionState, .connectionStatus, .connectionMark, .connectionDirection: true
        case .other(let text): text.hasPrefix("ct ")
        default: false
        }
    }
}
