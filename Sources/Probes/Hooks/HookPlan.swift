internal import Observations
internal import Network

/// Where in one namespace to log: enough points to tell on which side of every chain a packet was last seen, and no
/// more. See `docs/decisions/0003-hook-points.md`.
struct HookPlan {
    /// The hooks that every IP packet of a host passes some of, in the order of the packet flow.
    static let hooks: [NetfilterHook] = [.prerouting, .input, .forward, .output, .postrouting]

    /// By hook, the priorities at which something of the namespace's own registers; sorted.
    let registrants: [NetfilterHook: [Int]]
    /// Whether connection tracking may stand between the points of prerouting and output, where it can drop a packet: any
    /// chain may ask for it.
    private let mayTrack: Bool
    /// Whether hooks at which nothing stands have a point only where a packet arrives or leaves.
    private let leavesOutIdle: Bool

    init(chains: [RuleChain], leavesOutIdle: Bool = false) {
        self.leavesOutIdle = leavesOutIdle
        var registrants: [NetfilterHook: Set<Int>] = [:]
        var hasTranslation = false
        var hasChains = false
        for chain in chains where ["ip", "ip6", "inet"].contains(chain.family) && !isOwnTable(chain.table) {
            hasChains = true
            guard let hook = chain.hook, Self.hooks.contains(hook) else { continue }
            if chain.kind == .nat || chain.isLegacy && chain.table == "nat" {
                hasTranslation = true
            } else if let priority = chain.priority ?? XTable(rawValue: chain.table)?.priority {
                registrants[hook, default: []].insert(priority)
            }
        }
        // One NAT chain makes the kernel translate at all four hooks, and at these priorities whatever the chain's
        // own (nf_nat_register_fn in net/netfilter/nf_nat_core.c).
        if hasTranslation {
            registrants[.prerouting, default: []].insert(NetfilterStage.dstnat.priority)
            registrants[.output, default: []].insert(NetfilterStage.dstnat.priority)
            registrants[.input, default: []].insert(NetfilterStage.srcnat.priority)
            registrants[.postrouting, default: []].insert(NetfilterStage.srcnat.priority)
        }
        self.registrants = registrants.mapValues { $0.sorted() }
        mayTrack = hasChains
    }

    /// Whether something may stand between the two ends of a hook. Where nothing does, one sighting says as much as two.
    private func isPassedUnchanged(_ hook: NetfilterHook) -> Bool {
        registrants[hook] == nil && !(mayTrack && (hook == .prerouting || hook == .output))
    }

    /// The points for chains of our own: one before the first stage of each hook, and where something may stand there, one
    /// behind each stage at which something registers, and one behind the last stage.
    var chainPoints: [HookPoint] {
        Self.hooks.flatMap { hook -> [HookPoint] in
            let stages = stages(of: hook)
            guard let first = stages.first, let last = stages.last else { return [] }
            let isIdle = isPassedUnchanged(hook)
            if isIdle, leavesOutIdle, hook != .input, hook != .postrouting { return [] }
            // Behind the reassembly of fragments, which stands at -400 in these two hooks (nf_defrag_ipv4.c).
            let floor = hook == .prerouting || hook == .output ? -399 : -1_000_000
            var points = [
                HookPoint(hook: hook, stage: first.stage, edge: .before, priority: max(floor, first.lowest - 1))
            ]
            if isIdle { return points }
            for stage in stages where !stage.isEmpty || stage.stage == last.stage {
                points.append(
                    HookPoint(hook: hook, stage: stage.stage, edge: .after, priority: min(stage.highest, 1_000_000) + 1)
                )
            }
            return points
        }
    }

    /// A stage as it stands in one hook of this namespace.
    private struct Stage {
        var stage: NetfilterStage
        var lowest: Int
        var highest: Int
        var isEmpty: Bool
    }

    /// The stages that the hook has by itself, and those that the namespace's chains stand nearest to.
    private func stages(of hook: NetfilterHook) -> [Stage] {
        var stages: [NetfilterStage: Stage] = [:]
        for stage in Self.standardStages(of: hook) {
            stages[stage] = Stage(stage: stage, lowest: stage.priority, highest: stage.priority, isEmpty: true)
        }
        for priority in registrants[hook] ?? [] {
            let nearest = NetfilterStage(nearest: priority)
            var stage =
                stages[nearest]
                ?? Stage(stage: nearest, lowest: nearest.priority, highest: nearest.priority, isEmpty: true)
            stage.lowest = min(stage.lowest, priority)
            stage.highest = max(stage.highest, priority)
            stage.isEmpty = false
            stages[nearest] = stage
        }
        return stages.values.sorted { $0.stage < $1.stage }
    }

    static func standardStages(of hook: NetfilterHook) -> [NetfilterStage] {
        switch hook {
        case .prerouting: [.raw, .dstnat]
        case .input, .forward: [.filter]
        case .output: [.raw, .filter]
        case .postrouting: [.srcnat]
        default: []
        }
    }
}

/// Whether a table or comment is one that this tool, in whatever run, has made.
func isOwnTable(_ name: String) -> Bool { name.hasPrefix(RunIdentity.tablePrefix) }

extension RuleChain {
    var isLegacy: Bool { backend == .iptablesLegacy }
}
