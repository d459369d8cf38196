internal import Network
internal import Snapshot
internal import Wire

/// In which order the tables of one namespace were made, as far as that decides: of two chains of one hook and priority
/// the one that was registered last is asked first.
///
/// Tables of nf_tables have numbers that ascend. Those of iptables-legacy have none: where they share a place with others
/// the kernel's list of hooks tells, on kernels that have one; else it is not known.
struct TableOrder {
    enum Table {
        case nft(NamespaceSnapshot.NFTable)
        case iptables(NamespaceSnapshot.IPTable)
    }

    /// A place at which chains are asked one after the other.
    struct Place: Hashable {
        var family: TableFamily
        var hook: String
        var priority: Int
        /// Translations have a list of their own at each hook.
        var isNAT: Bool
    }

    /// - Parameter count: where the order is not known, as if so many of the other tables had been there before those of
    ///   iptables-legacy; all of them where nil.
    static func tables(of namespace: NamespaceSnapshot, beforeLegacy count: Int?) -> [Table] {
        var tables =
            (namespace.nftables.map { ($0.handle, Table.nft($0)) }
            + namespace.iptables.compactMap { table in table.handle.map { ($0, Table.iptables(table)) } }).sorted {
                $0.0 < $1.0
            }.map(\.1)
        for legacy in namespace.iptables where legacy.handle == nil {
            var others = 0
            let position = tables.firstIndex { other in
                let isLater = count.map { others >= $0 } ?? false
                if case .iptables(let table) = other, table.handle == nil {} else { others += 1 }
                switch order(of: legacy, and: other, in: namespace) {
                case .legacyFirst: return true
                case .unknown: return isLater
                case .otherFirst, .noMatter: return false
                }
            }
            tables.insert(.iptables(legacy), at: position ?? tables.endIndex)
        }
        return tables
    }

    /// Before how many of the other tables those of iptables-legacy may have been made, but for all of them.
    static func counts(in namespace: NamespaceSnapshot) -> Range<Int> {
        isUnknown(in: namespace)
            ? 0..<(namespace.nftables.count + namespace.iptables.filter { $0.handle != nil }.count) : 0..<0
    }

    /// Whether a table of iptables-legacy shares a place with another one, and nothing tells which is asked first.
    static func isUnknown(in namespace: NamespaceSnapshot) -> Bool {
        let others =
            namespace.nftables.map { Table.nft($0) }
            + namespace.iptables.filter { $0.handle != nil }.map { Table.iptables($0) }
        return namespace.iptables.contains { legacy in
            legacy.handle == nil && others.contains { order(of: legacy, and: $0, in: namespace) == .unknown }
        }
    }

    // MARK: Two tables

    private enum Order { case legacyFirst, otherFirst, unknown, noMatter }

    /// Which of the two was made first.
    private static func order(
        of legacy: NamespaceSnapshot.IPTable, and other: Table, in namespace: NamespaceSnapshot
    ) -> Order {
        let chains: [(place: Place, chain: String)]
        switch other {
        case .nft(let table): chains = Self.chains(table)
        case .iptables(let table) where table.handle == nil: return .noMatter
        case .iptables(let table):
            chains = (table.chains ?? []).compactMap { name in
                place(name, of: table.name, table.family).map { ($0, "\(table.family) \(table.name) \(name)") }
            }
        }
        let names = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]
        let own = Set(names.compactMap { place($0, of: legacy.name, legacy.family) })
        let shared = chains.filter { own.contains($0.place) }
        if shared.isEmpty { return .noMatter }
        for (place, chain) in shared {
            guard !place.isNAT, let hooks = namespace.hooks else { continue }
            let here = hooks.filter {
                $0["family"]?.string == "\(place.family)" && $0["hook"]?.string == place.hook
                    && $0["priority"]?.integer == Int64(place.priority)
            }
            guard let legacyPlace = here.firstIndex(where: isLegacy),
                let otherPlace = here.firstIndex(where: { $0["chain"]?.string == chain })
            else { continue }
            return legacyPlace < otherPlace ? .otherFirst : .legacyFirst
        }
        return .unknown
    }

    private static func isLegacy(_ hook: JSONTree) -> Bool {
        let function = hook["function"]?.string ?? ""
        return function.contains("ipt_do_table") || function.contains("ip6t_do_table")
            || function.hasPrefix("iptable_") || function.hasPrefix("ip6table_")
    }

    /// NF_IP_PRI_ of linux/netfilter_ipv4.h.
    private static let priorities = [
        "raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100,
    ]

    /// Where a chain of iptables hangs; nil for one that its table does not have.
    private static func place(_ chain: String, of table: String, _ family: TableFamily) -> Place? {
        let chains: [String: [String]] = [
            "filter": ["INPUT", "FORWARD", "OUTPUT"], "security": ["INPUT", "FORWARD", "OUTPUT"],
            "raw": ["PREROUTING", "OUTPUT"], "nat": ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
            "mangle": ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
        ]
        guard chains[table]?.contains(chain) == true else { return nil }
        let isNAT = table == "nat"
        let name = isNAT ? chain == "INPUT" || chain == "POSTROUTING" ? "srcnat" : "dstnat" : table
        return Place(family: family, hook: chain.lowercased(), priority: priorities[name] ?? 0, isNAT: isNAT)
    }

    /// The base chains in the text of nft, of those families that iptables has.
    static func chains(_ table: NamespaceSnapshot.NFTable) -> [(place: Place, chain: String)] {
        let families: [TableFamily] = table.family == .inet ? [.ip, .ip6] : [table.family]
        guard table.family == .inet || table.family == .ip || table.family == .ip6, !table.flags.contains("dormant")
        else { return [] }
        var found: [(Place, String)] = []
        var chain = ""
        for line in table.text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == ";" }
            if words.first == "chain", words.count > 1 { chain = String(words[1]) }
            guard words.first == "type", words.count > 5, words[2] == "hook",
                let start = words.firstIndex(of: "priority"), let priority = priority(words[(start + 1)...])
            else { continue }
            found += families.map { family in
                (
                    Place(family: family, hook: String(words[3]), priority: priority, isNAT: words[1] == "nat"),
                    "\(table.family) \(table.name) \(chain)"
                )
            }
        }
        return found
    }

    /// `filter + 10`, `-150`.
    private static func priority(_ words: ArraySlice<Substring>) -> Int? {
        guard let first = words.first else { return nil }
        if let number = Int(first) { return number }
        guard let base = priorities[String(first)] else { return nil }
        let rest = words.dropFirst()
        guard let sign = rest.first, sign == "+" || sign == "-", let size = rest.dropFirst().first.flatMap({ Int($0) })
        else { return base }
        return sign == "+" ? base + size : base - size
    }
}
