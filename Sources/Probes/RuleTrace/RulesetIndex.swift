internal import Network

/// One namespace's rules as the last snapshot has them, found by the names and numbers that traces carry.
///
/// Made once for each snapshot; cost: a dictionary entry for each rule.
struct RulesetIndex {
    struct Key: Hashable {
        var isLegacy: Bool
        var family: TableFamily
        var table: String
        var chain: String
    }

    private struct Entry {
        var chain: RuleChain
        var byHandle: [UInt64: Int]
    }

    private let entries: [Key: Entry]
    private let deviceNames: [UInt32: String]

    init(_ namespace: Namespace) {
        var entries: [Key: Entry] = [:]
        for chain in namespace.netfilter.chains {
            let key = Key(isLegacy: chain.isLegacy, family: chain.family, table: chain.table, chain: chain.name)
            var byHandle: [UInt64: Int] = [:]
            for (index, rule) in chain.rules.enumerated() {
                if let handle = rule.handle { byHandle[handle] = index }
            }
            if entries[key] == nil { entries[key] = Entry(chain: chain, byHandle: byHandle) }
        }
        self.entries = entries
        deviceNames = Dictionary(namespace.links.map { ($0.index, $0.name) }) { first, _ in first }
    }

    func chain(_ key: Key) -> RuleChain? { entries[key]?.chain }

    func rule(_ handle: UInt64, in key: Key) -> Rule? {
        guard let entry = entries[key], let index = entry.byHandle[handle] else { return nil }
        return entry.chain.rules[index]
    }

    func deviceName(_ index: UInt32) -> String? { index == 0 ? nil : deviceNames[index] }
}
