internal import Topology

/// Arms the netfilter hooks of `namespaces` as `plan.hooks` says. Called on the reader thread, before any packet.
///
/// Vantage points are numbered through `intake.vantage`. What could not be armed, but need not stop the run, is
/// appended to `warnings`.
func armHooks(
    namespaces: [Namespace], plan: ProbePlan, intake: Intake, warnings: inout [String]
) throws -> [any ProbeSource] {
    []
}
