internal import LinuxSystem
internal import Wire

/// Who can say on this machine why packets are dropped, tried in the order of how much they tell.
///
/// Where the plan says `auto` and neither the BPF program nor tracefs may be used there is none, without a word: the
/// protocol counters are left, and `doctor` says why.
///
/// - Parameter coarse: the packets whose drops the BPF program tells of.
/// - Returns: the source, and what reads its records where it is the BPF program.
/// - Throws: `ProbeError` where the plan names one that can't be had.
func armDrops(
    plan: ProbePlan, filter coarse: CoarseFilter, join: TraceJoin, warnings: inout [String]
) throws -> (source: (any ProbeSource)?, reader: DropReader?) {
    switch plan.drops {
    case .counters: return (nil, nil)
    case .bpf: return try named { try armProgram(coarse, plan.share, join) }
    case .tracefs:
        return (try named { try TracefsDropSource(guardianCommand: plan.guardian, warnings: &warnings) }, nil)
    case .auto:
        if let program = try? armProgram(coarse, plan.share, join) { return program }
        return (try? TracefsDropSource(guardianCommand: plan.guardian, warnings: &warnings), nil)
    }
}

private func armProgram(
    _ coarse: CoarseFilter, _ share: SampleShare, _ join: TraceJoin
) throws -> (source: (any ProbeSource)?, reader: DropReader?) {
    let probe = try DropProbe()
    let reader = DropReader(probe, join: join)
    return (try DropSource(probe: probe, filter: KernelFilter(coarse), share: share, drops: reader), reader)
}

/// What was asked for by its name, or the error that says why it can't be had.
private func named<Made>(_ make: () throws -> Made) throws -> Made {
    do {
        return try make()
    } catch let error as SystemError {
        throw ProbeError(error, remedy: "`packetwalk doctor` says who can tell drop reasons here")
    }
}
