internal import Synchronization

/// When a run was to end: where its time was over, or where somebody interrupted it.
final class RunEnding: Sendable {
    private let interruption: any Interruption
    private let clock: any RunClock
    /// By the clock; `.max` where the run has no limit, or has not begun.
    private let limit = Atomic<Int64>(.max)

    init(_ interruption: any Interruption, _ clock: any RunClock) {
        self.interruption = interruption
        self.clock = clock
    }

    /// The run begins, and may last so many seconds.
    func begin(durationSeconds: Double?) {
        guard let durationSeconds else { return }
        let milliseconds = Int64(exactly: (durationSeconds * 1000).rounded(.down)) ?? .max
        let (time, overflows) = clock.milliseconds.addingReportingOverflow(milliseconds)
        limit.store(overflows ? .max : time, ordering: .relaxed)
    }

    /// Whether the run was to end, and so long ago.
    func isOlder(thanMilliseconds time: Int64) -> Bool {
        if interruption.isOlder(thanMilliseconds: time) { return true }
        let limit = limit.load(ordering: .relaxed)
        return limit != .max && clock.milliseconds - limit >= time
    }

    var isDue: Bool { isOlder(thanMilliseconds: 0) }
}
