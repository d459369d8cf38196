internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Network

/// Notices that somebody changed the iptables-legacy tables of one namespace in which hooks stand, by looking at them five times
/// a second: a walk stays open for a quarter of one, so that it is still told that sightings may be missing.
final class LegacyRulesWatch: ProbeSource {
    let name: String
    let namespace: String
    /// A timer.
    let descriptor: Int32
    private let hooks: IptablesSite
    private let state: XTablesState
    private let arming: ArmingThread
    private let report: (String) -> Void
    private var known: [XTablesState.Table: [UInt8]]
    /// Of the hooks as they were then. What was laid since may have been taken away again, which looks the same.
    private var knownGeneration: Int

    private static let period: Int32 = 200

    var namespaceName: String? { namespace }

    /// Nil where no hook stands in such a table. Throws `SystemError`.
    ///
    /// - Parameter report: called when a table has changed, also by this run.
    init?(_ hooks: IptablesSite, arming: ArmingThread, report: @escaping (String) -> Void) throws {
        let tables = hooks.legacyTables
        if tables.isEmpty { return nil }
        namespace = hooks.namespace
        name = "iptables-legacy \(namespace)"
        self.hooks = hooks
        self.arming = arming
        self.report = report
        state = try XTablesState(in: hooks.file)
        known = state.read(tables)
        knownGeneration = hooks.generation
        let ticker = packetwalk_ticker(Self.period)
        if ticker < 0 { throw SystemError("make a timer", errorNumber: -ticker) }
        descriptor = highDescriptor(ticker)
    }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        var ticks: UInt64 = 0
        _ = Glibc.read(descriptor, &ticks, MemoryLayout<UInt64>.size)
        // The kernel tells it to the privileged alone.
        guard let now = try? arming.perform({ state.read(hooks.legacyTables) }),
            now != known || knownGeneration != hooks.generation
        else { return .drained }
        known = now
        knownGeneration = hooks.generation
        report(namespace)
        return .drained
    }

    func reportLosses(into intake: Intake) {}
    func close() { Glibc.close(descriptor) }
}
