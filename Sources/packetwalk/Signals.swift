internal import Glibc
internal import LinuxSystem
internal import Runs
internal import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP as the interruption of a run.
///
/// The first signal ends the run in order, in bounded time (see `EndingTimes`), however far behind the run is and
/// whether or not anybody reads its output. The second signal ends the process at once; hooks then go with it, or by
/// their guardian.
struct Signals: Interruption {
    /// How long after the first signal a reader that takes nothing is still waited for, inside a line.
    static let writingMilliseconds: Int64 = 6000
    /// After it the process ends, whatever it is doing.
    private static let endingSeconds: UInt32 = 15

    private static let received = Atomic<Int32>(0)
    private static let time = Atomic<Int64>(0)

    /// Takes the signals over. SIGHUP stays ignored where it was (nohup(1)).
    func listen() {
        // What a handler touches has to be there before it runs.
        Self.received.store(0, ordering: .relaxed)
        Self.time.store(0, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let before = signal(number) { caught in
                if Signals.received.exchange(caught, ordering: .relaxed) != 0 {
                    Terminal.release()
                    _exit(128 + caught)
                }
                Signals.time.store(MonotonicClock().milliseconds, ordering: .relaxed)
                _ = alarm(Signals.endingSeconds)
            }
            if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                signal(number, SIG_IGN)
            }
        }
        signal(SIGALRM) { _ in
            Terminal.release()
            _exit(128 + Signals.received.load(ordering: .relaxed))
        }
    }

    var elapsedMilliseconds: Int64? {
        guard Self.received.load(ordering: .relaxed) != 0 else { return nil }
        return MonotonicClock().milliseconds - Self.time.load(ordering: .relaxed)
    }

    /// Whether the output is given up: a signal came, and nobody has read for too long since.
    static var isWritingOver: Bool { Signals().isOlder(thanMilliseconds: writingMilliseconds) }

    /// `SIGTERM`, …; nil where none came.
    static var name: String? {
        switch received.load(ordering: .relaxed) {
        case 0: nil
        case SIGINT: "SIGINT"
        case SIGTERM: "SIGTERM"
        case SIGHUP: "SIGHUP"
        case let other: "signal \(other)"
        }
    }
}

/// Says what is missing of a run that a signal, or the end of its time, ended early.
///
/// - Parameters:
///   - unshown: walks that there was no time to print.
///   - isLeft: whether the user left the live screen.
func complainOfMissing(unshown: Int = 0, isCutShort: Bool, isLeft: Bool = false) {
    guard isCutShort || unshown > 0 else { return }
    let end = Signals.name.map { "\($0) arrived" } ?? (isLeft ? "the screen was left" : "the time was up")
    complain(
        "\(end) before the last packets were processed: "
            + (unshown > 0 ? "\(unshown) walks are not shown, others" : "their walks") + " are missing or incomplete")
}
