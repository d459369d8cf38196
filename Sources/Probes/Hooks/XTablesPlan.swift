internal import Observations
internal import Network

/// Where the iptables backend puts its rules: at the head of built-in chains, since a rule at their end is not reached
/// by a packet that was accepted before. A place behind a table is thus the head of the next one.
struct XTablesPlan {
    /// A rule of ours.
    struct Placement: Hashable, Sendable {
        var point: HookPoint
        var table: XTable
        var program: XTablesProgram
        /// Whether the table was there before us.
        var isRegistered: Bool
        /// All tables in which a rule at the head of the chain would see the same.
        var fitting: [XTable] = []

        /// As built-in chains are named.
        var chain: String { point.hook.rawValue.uppercased() }
    }

    let placements: [Placement]

    /// - Parameters:
    ///   - preferred: the program of the backend that the namespace's own rules are in.
    ///   - installed: which programs there are.
    init(chains: [RuleChain], preferred: XTablesProgram, installed: Set<XTablesProgram>) {
        let plan = HookPlan(chains: chains)
        let registered = [preferred, preferred.other].map { program in
            (program, Self.tables(of: program, in: chains))
        }
        // A table that is not there yet is made through nftables, where it can be removed again: a legacy table stays
        // registered for the life of its namespace.
        let maker = [preferred, preferred.other].first { !$0.isLegacy && installed.contains($0) } ?? preferred

        self.placements = HookPlan.hooks.flatMap { hook -> [Placement] in
            let taken = plan.registrants[hook] ?? []
            return plan.chainPoints.filter { $0.hook == hook }.compactMap { point -> Placement? in
                // The head of a table of priority P sees what everything below P has left, and nothing of P's own.
                let below = point.edge == .before ? Int.min : point.priority - 1
                let limit = taken.first { $0 >= point.priority } ?? Int.max
                // Nothing stands between this hook's two ends: one sighting says as much as two.
                if point.edge == .after, taken.isEmpty { return nil }
                let fitting = XTable.allCases.filter {
                    $0.hooks.contains(hook) && $0.priority > below && $0.priority <= limit
                }
                for (program, tables) in registered {
                    if let table = fitting.first(where: tables.contains) {
                        return Placement(
                            point: point, table: table, program: program, isRegistered: true, fitting: fitting)
                    }
                }
                let made = fitting.contains(.mangle) ? .mangle : fitting.first
                return made.map {
                    Placement(point: point, table: $0, program: maker, isRegistered: false, fitting: fitting)
                }
            }
        }
    }

    private static func tables(of program: XTablesProgram, in chains: [RuleChain]) -> Set<XTable> {
        Set(
            chains.filter { $0.backend == program.backend && $0.family == program.family }
                .compactMap { XTable(rawValue: $0.table) })
    }
}
