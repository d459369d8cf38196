internal import Glibc
internal import LinuxSystem
internal import Network

/// The BPF programs that the plan asks for; nil where it asks for none.
///
/// - Parameter coarse: what of the user's filter the kernel decides.
/// - Throws: `ProbeError` where they can't be had.
func loadSightings(
    for plan: ProbePlan, namespaces: [Namespace], filter coarse: CoarseFilter, join: TraceJoin
) throws -> SightingSource? {
    guard plan.hooks == .bpf || plan.links == .bpf else { return nil }
    // Further chains may come, in these namespaces and in new ones.
    let points = namespaces.map { HookPlan(chains: $0.netfilter.chains).mostPointsOfAHook }.max() ?? 0
    do {
        let probe = try SightingProbe(
            hookPoints: plan.hooks == .bpf ? max(4, points + 2) : 0, seesDevices: plan.links == .bpf,
            reportsDrops: plan.drops == .bpf || plan.drops == .auto)
        return try SightingSource(
            probe, filter: coarse, share: plan.share, seesHooks: plan.hooks == .bpf, join: join)
    } catch let error as SystemError {
        throw ProbeError(error, remedy: remedy(of: error))
    }
}

private func remedy(of error: SystemError) -> String {
    switch error.errorNumber {
    case EINVAL, ENOENT, EOPNOTSUPP:
        "hooks need Linux 6.4 for it, links 6.12, and both a kernel with BTF: leave --hooks bpf and --links bpf out"
    default: "it needs root outside of any container or user namespace: leave --hooks bpf and --links bpf out"
    }
}

extension HookPlan {
    var mostPointsOfAHook: Int {
        var counts: [NetfilterHook: Int] = [:]
        for point in chainPoints { counts[point.hook, default: 0] += 1 }
        return counts.values.max() ?? 0
    }
}
