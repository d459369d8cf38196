internal import LinuxSystem
internal import Observations
internal import Network

/// Who can say on this machine why packets are dropped, tried in the order of how much they tell.
///
/// Where the plan says `auto` and neither the BPF program nor tracefs may be used there is none, without a word: the
/// protocol counters are left, and `doctor` says why.
///
/// - Throws: `ProbeError` where the plan names one that can't be had.
func armDrops(
    namespaces: [Namespace], plan: ProbePlan, join: TraceJoin, warnings: inout [String]
) throws -> [any ProbeSource] {
    switch plan.drops {
    case .counters: return []
    case .bpf: return [try named { try DropSource(probe: DropProbe(), namespaces: namespaces, join: join) }]
    case .tracefs:
        return [try named { try TracefsDropSource(guardianCommand: plan.guardian, warnings: &warnings) }]
    case .auto:
        if let source = try? DropSource(probe: DropProbe(), namespaces: namespaces, join: join) { return [source] }
        if let source = try? TracefsDropSource(guardianCommand: plan.guardian, warnings: &warnings) { return [source] }
        return []
    }
}

/// What was asked for by its name, or the error that says why it can't be had.
private func named(_ make: () throws -> any ProbeSource) throws -> any ProbeSource {
    do {
        return try make()
    } catch let error as SystemError {
        throw ProbeError(error, remedy: "`packetwalk doctor` says who can tell drop reasons here")
    }
}
