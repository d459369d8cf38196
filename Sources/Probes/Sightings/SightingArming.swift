internal import Glibc
internal import LinuxSystem
internal import Network

/// The BPF programs that the plan asks for; nil where it asks for none, or can do without and they can't be had.
///
/// - Parameter coarse: what of the user's filter the kernel decides.
/// - Throws: `ProbeError` where they can't be had and the plan names them.
func loadSightings(
    for plan: ProbePlan, namespaces: [Namespace], filter coarse: CoarseFilter, join: TraceJoin
) throws -> SightingSource? {
    let named = Programs(hooks: plan.hooks == .bpf, devices: plan.links == .bpf)
    let wanted = Programs(
        hooks: named.hooks || plan.prefersPrograms && plan.hooks == .auto,
        devices: named.devices || plan.prefersPrograms && plan.links == .auto)
    // Older kernels have them at hooks alone.
    let choices = [wanted, Programs(hooks: wanted.hooks, devices: named.devices), named]
    var refusal: SystemError?
    var tried = [Programs(hooks: false, devices: false)]
    for choice in choices where !tried.contains(choice) {
        tried.append(choice)
        do {
            return try load(choice, for: plan, namespaces: namespaces, filter: coarse, join: join)
        } catch let error as SystemError {
            refusal = error
        }
    }
    if let refusal, named.hooks || named.devices { throw ProbeError(refusal, remedy: remedy(of: refusal)) }
    return nil
}

/// Where packets are to be seen by BPF programs.
private struct Programs: Equatable {
    var hooks: Bool
    var devices: Bool
}

private func load(
    _ programs: Programs, for plan: ProbePlan, namespaces: [Namespace], filter coarse: CoarseFilter, join: TraceJoin
) throws -> SightingSource {
    // Further chains may come, in these namespaces and in new ones.
    let points = namespaces.map { plan.hookPlan($0.netfilter.chains).mostPointsOfAHook }.max() ?? 0
    let probe = try SightingProbe(
        hookPoints: programs.hooks ? max(4, points + 2) : 0, seesDevices: programs.devices,
        reportsDrops: plan.drops == .bpf || plan.drops == .auto)
    return try SightingSource(
        probe, filter: coarse, share: plan.share, seesHooks: programs.hooks, seesDevices: programs.devices, join: join)
}

private func remedy(of error: SystemError) -> String {
    switch error.errorNumber {
    case EINVAL, ENOENT, EOPNOTSUPP:
        "hooks need Linux 6.4 for it, links 6.12, and both a kernel with BTF: leave --hooks bpf and --links bpf out"
    default: "it needs root outside of any container or user namespace: leave --hooks bpf and --links bpf out"
    }
}

extension ProbePlan {
    /// Where packets are to be seen in a namespace with these chains.
    func hookPlan(_ chains: [RuleChain]) -> HookPlan {
        HookPlan(chains: chains, leavesOutIdle: leavesOutIdleHooks)
    }
}

extension HookPlan {
    var mostPointsOfAHook: Int {
        var counts: [NetfilterHook: Int] = [:]
        for point in chainPoints { counts[point.hook, default: 0] += 1 }
        return counts.values.max() ?? 0
    }
}
