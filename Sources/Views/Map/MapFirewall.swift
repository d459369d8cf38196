import Network
import Ruleset

/// What of a namespace's firewall stands on the map: chains whose policy drops, and rules that drop or reject.
enum MapFirewall {
    /// Rules of one chain that are written out; of more it is said how many they are.
    private static let ruleLimit = 2

    static func facts(_ netfilter: Netfilter) -> [MapLayout.Fact] { policies(netfilter) + refusals(netfilter) }

    /// `! iptables filter INPUT and FORWARD drop what no rule accepts`
    private static func policies(_ netfilter: Netfilter) -> [MapLayout.Fact] {
        var tables: [String] = []
        var chains: [String: [String]] = [:]
        for chain in netfilter.chains where chain.policy == .drop {
            let table = tableName(chain)
            if chains[table] == nil { tables.append(table) }
            chains[table, default: []].append(chain.name)
        }
        return tables.map { table in
            let names = chains[table] ?? []
            let verb = names.count == 1 ? "drops" : "drop"
            let list = names.dropLast().joined(separator: ", ") + (names.count > 1 ? " and " : "") + (names.last ?? "")
            return MapLayout.Fact(
                label: "policy", phrases: [Phrase("! \(table) \(list) \(verb) what no rule accepts", .caution)])
        }
    }

    /// `iptables filter FORWARD 3: -i mybridge -p icmp -j DROP`, `nft inet filter forward: 12 rules drop, 2 reject`
    private static func refusals(_ netfilter: Netfilter) -> [MapLayout.Fact] {
        netfilter.compiled.chains.flatMap { chain -> [MapLayout.Fact] in
            let drops = chain.rules.filter(\.drops)
            let rejects = chain.rules.filter(\.rejects)
            let rules = chain.rules.filter { $0.drops || $0.rejects }
            guard let first = rules.first else { return [] }
            if rules.count <= ruleLimit {
                return rules.map { fact("\($0.reference.name): \($0.reference.shortText ?? "")") }
            }
            var counts: [String] = []
            if !drops.isEmpty {
                counts.append("\(Quantity.text(drops.count, "rule")) drop\(drops.count == 1 ? "s" : "")")
            }
            if !rejects.isEmpty {
                let noun = drops.isEmpty ? Quantity.text(rejects.count, "rule") : "\(rejects.count)"
                counts.append("\(noun) reject\(rejects.count == 1 ? "s" : "")")
            }
            return [fact("\(first.reference.chainName): \(counts.joined(separator: ", "))")]
        }
    }

    private static func fact(_ text: String) -> MapLayout.Fact {
        MapLayout.Fact(label: "drops", phrases: [Phrase(text)])
    }

    private static func tableName(_ chain: RuleChain) -> String {
        let reference = RuleReference(
            family: chain.family, table: chain.table, chain: chain.name, backend: chain.backend)
        return String(reference.chainName.dropLast(chain.name.count + 1))
    }
}

extension CompiledRule {
    fileprivate var drops: Bool { actions.contains(.drop) }
    fileprivate var rejects: Bool { actions.contains { if case .reject = $0 { true } else { false } } }
}
