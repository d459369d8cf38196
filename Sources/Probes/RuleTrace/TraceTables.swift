internal import Network

/// The nftables chains that mark packets for the kernel's rule trace, in tables of our own that the kernel removes when
/// their maker is gone. Their rules only set the mark of the trace, which no rule of others can see.
struct TraceTables {
    let run: RunIdentity
    let chains: [RuleChain]
    let matches: [RuleTracing.Match]

    /// Behind the reassembly of fragments, which stands at -400 (nf_defrag_ipv4.c).
    private static let standardPriority = -399

    private struct Place {
        /// As nft(8) names it: `prerouting`, `ingress device "eth0"`.
        var hook: String
        var priority: Int
    }

    /// As `nft -f` reads it. Bridge and netdev tables only where the namespace has such chains itself.
    var ruleset: String {
        var text = table("inet", places(["ip", "ip6", "inet"], [.prerouting, .output]))
        let bridge = chains.filter { $0.family == .bridge && $0.hook != nil && !isOwnTable($0.table) }
        if !bridge.isEmpty { text += table("bridge", places(["bridge"], [.prerouting, .output])) }
        if !devicePlaces.isEmpty { text += table("netdev", devicePlaces) }
        return text
    }

    var removal: String {
        ruleset.split(separator: "\n").filter { $0.hasPrefix("table ") }
            .map { "delete \($0.dropLast(2))\n" }.joined()
    }

    private func table(_ family: String, _ places: [Place]) -> String {
        var text = "table \(family) \(run.tableName)-rules {\n    flags owner\n"
        for (number, place) in places.enumerated() {
            text += "    chain trace-\(number) {\n"
            text += "        type filter hook \(place.hook) priority \(place.priority); policy accept\n"
            for match in matches { text += "        \(match.words)meta nftrace set 1\n" }
            text += "    }\n"
        }
        return text + "}\n"
    }

    /// One chain before all of the namespace's own in each hook where packets begin; a second one where a chain stands
    /// before the reassembly.
    private func places(_ families: Set<TableFamily>, _ hooks: [NetfilterHook]) -> [Place] {
        hooks.flatMap { hook -> [Place] in
            let lowest =
                chains.filter { families.contains($0.family) && $0.hook == hook && !isOwnTable($0.table) }
                .compactMap(\.priority).min() ?? 0
            var places = [Place(hook: hook.rawValue, priority: Self.standardPriority)]
            if lowest <= Self.standardPriority {
                places.append(Place(hook: hook.rawValue, priority: max(lowest - 1, Int(Int32.min))))
            }
            return places
        }
    }

    private var devicePlaces: [Place] {
        var lowest: [String: Int] = [:]
        for chain in chains where chain.family == .netdev && !isOwnTable(chain.table) {
            guard let hook = chain.hook, let devices = chain.device else { continue }
            for device in devices.split(separator: ",") {
                let place = "\(hook.rawValue) device \"\(device)\""
                lowest[place] = min(lowest[place] ?? 0, chain.priority ?? 0)
            }
        }
        return lowest.sorted { $0.key < $1.key }.map {
            Place(hook: $0.key, priority: max(min($0.value - 1, Self.standardPriority), Int(Int32.min)))
        }
    }
}
