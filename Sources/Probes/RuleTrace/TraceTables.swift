internal import Network

/// The nftables chains that mark packets for the kernel's rule trace, in tables of our own that the kernel removes when
/// their maker is gone. Their rules only set the mark of the trace, which no rule of others can see.
struct TraceTables {
    let run: RunIdentity
    let chains: [RuleChain]
    let matches: [RuleTracing.Match]
    /// Rules that let pass what is not in the run's sample (`OwnedTable.Choice`).
    var omissions: [String] = []

    /// Behind the reassembly of fragments, which stands at -400 (nf_defrag_ipv4.c).
    private static let standardPriority = -399

    private struct Place {
        /// As nft(8) names it: `prerouting`, `ingress device "eth0"`.
        var hook: String
        var priority: Int
    }

    /// As `nft -f` reads it.
    var ruleset: String {
        tables.map { family, places in
            var text = "table \(family) \(name) {\n    flags owner\n"
            for (number, place) in places.enumerated() {
                text += "    chain trace-\(number) {\n"
                text += "        type filter hook \(place.hook) priority \(place.priority); policy accept\n"
                for rule in rules(family) { text += "        \(rule)\n" }
                text += "    }\n"
            }
            return text + "}\n"
        }.joined()
    }

    var removal: String { tables.map { "delete table \($0.family) \(name)\n" }.joined() }

    /// Takes the marking rules away while the run looks at fewer packets than it was asked for, or at many, or brings them back.
    ///
    /// A rule that can mark packets has the kernel work out a number for each packet at each chain of nftables, of any namespace.
    func change(toTracing isTracing: Bool) -> String {
        tables.map { family, places in
            places.indices.map { number in
                let chain = "\(family) \(name) trace-\(number)"
                let rules = isTracing ? rules(family) : []
                return "flush chain \(chain)\n" + rules.map { "add rule \(chain) \($0)\n" }.joined()
            }.joined()
        }.joined()
    }

    private var name: String { "\(run.tableName)-rules" }

    /// Bridge and netdev tables only where the namespace has such chains itself.
    private var tables: [(family: String, places: [Place])] {
        var tables = [(family: "inet", places: places(["ip", "ip6", "inet"], [.prerouting, .output]))]
        let bridge = chains.filter { $0.family == .bridge && $0.hook != nil && !isOwnTable($0.table) }
        if !bridge.isEmpty { tables.append(("bridge", places(["bridge"], [.prerouting, .output]))) }
        if !devicePlaces.isEmpty { tables.append(("netdev", devicePlaces)) }
        return tables
    }

    private func rules(_ family: String) -> [String] {
        (family == "inet" ? omissions : []) + matches.map { "\($0.words)meta nftrace set 1" }
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
            guard let hook = chain.hook, let devices = chain.devices else { continue }
            for device in devices {
                let place = "\(hook.rawValue) device \"\(device)\""
                lowest[place] = min(lowest[place] ?? 0, chain.priority ?? 0)
            }
        }
        return lowest.sorted { $0.key < $1.key }.map {
            Place(hook: $0.key, priority: max(min($0.value - 1, Self.standardPriority), Int(Int32.min)))
        }
    }
}
