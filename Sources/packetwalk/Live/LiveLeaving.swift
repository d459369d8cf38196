internal import LinuxSystem
internal import Runs
internal import Synchronization

/// What ends a run with a live screen early: a signal, or a user who leaves the screen.
///
/// Both end it in bounded time, however far behind it is (see `EndingTimes`).
final class LiveLeaving: Interruption {
    private let signals = Signals()
    /// By `monotonicMilliseconds`; 0 while nobody has left.
    private let time = Atomic<Int64>(0)

    /// The user has left. The first time counts.
    func leave() {
        _ = time.compareExchange(expected: 0, desired: max(1, monotonicMilliseconds()), ordering: .relaxed)
    }

    var hasLeft: Bool { time.load(ordering: .relaxed) != 0 }

    func listen() { signals.listen() }

    var elapsedMilliseconds: Int64? {
        let left = time.load(ordering: .relaxed)
        let since = left == 0 ? nil : monotonicMilliseconds() - left
        return [signals.elapsedMilliseconds, since].compactMap(\.self).max()
    }
}
