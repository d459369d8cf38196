internal import Network

extension CompiledRuleset {
    /// The conditions on address, port and device under which packets come to a chain, from the base chain on, as the
    /// rules write them; empty for a base chain. Of several ways the first.
    package func conditions(leadingTo key: CompiledChain.Key) -> [String] {
        var texts: [String] = []
        var chain = key
        var seen: Set<CompiledChain.Key> = []
        while seen.insert(chain).inserted, self[chain]?.hook == nil {
            guard let (caller, rule, entry) = callers(of: chain) else { break }
            let own = rule.matches.filter(\.field.isOfPlace).map { rule.isNftables ? $0.nftText : $0.iptablesText }
            texts = own + [entry].compactMap(\.self) + texts
            chain = caller
        }
        return texts
    }

    /// The first rule that leads to a chain, with the key of its verdict map that does.
    private func callers(of key: CompiledChain.Key) -> (CompiledChain.Key, CompiledRule, String?)? {
        for chain in chains where chain.key.backend == key.backend && chain.key.family == key.family {
            guard chain.key.table == key.table else { continue }
            for rule in chain.rules {
                for action in rule.actions {
                    switch action {
                    case .jump(key.name), .goto(key.name): return (chain.key, rule, nil)
                    case .verdictMap(let map):
                        let entry = map.entries.first { $0.action == .jump(key.name) || $0.action == .goto(key.name) }
                        guard let entry else { continue }
                        return (chain.key, rule, "\(map.field.nftName) \(map.field.nftText([entry.key]))")
                    default: continue
                    }
                }
            }
        }
        return nil
    }
}

/// By which rules packets come to the chains of one table. Made at once, for whoever asks for many.
package struct ChainCallers {
    private var callers: [CompiledChain.Key: [(chain: CompiledChain.Key, rule: CompiledRule)]] = [:]

    package init(_ ruleset: CompiledRuleset, table: String) {
        for chain in ruleset.chains where chain.key.table == table {
            for rule in chain.rules {
                for case .jump(let name) in rule.actions { add(rule, of: chain.key, to: name) }
                for case .goto(let name) in rule.actions { add(rule, of: chain.key, to: name) }
            }
        }
    }

    private mutating func add(_ rule: CompiledRule, of chain: CompiledChain.Key, to name: String) {
        let key = CompiledChain.Key(backend: chain.backend, family: chain.family, table: chain.table, name: name)
        callers[key, default: []].append((chain, rule))
    }

    /// As `CompiledRuleset.conditions(leadingTo:)`; empty where a chain on the way is reached by several rules.
    package func conditions(leadingTo key: CompiledChain.Key) -> [String] {
        var texts: [String] = []
        var chain = key
        var seen: Set<CompiledChain.Key> = []
        while seen.insert(chain).inserted, let ways = callers[chain] {
            guard ways.count == 1 else { return [] }
            let rule = ways[0].rule
            texts =
                rule.matches.filter(\.field.isOfPlace).map { rule.isNftables ? $0.nftText : $0.iptablesText } + texts
            chain = ways[0].chain
        }
        return texts
    }
}

extension RuleField {
    /// Whether it restricts where and from whom something is asked for.
    fileprivate var isOfPlace: Bool {
        switch self {
        case .address, .port, .device: true
        case .concatenation(let parts): parts.contains(where: \.isOfPlace)
        default: false
        }
    }
}
