internal import LinuxSystem
internal import Runs
internal import Glibc
internal import Synchronization

/// Whether somebody asked the run to end: Ctrl-C, SIGTERM or SIGHUP.
///
/// The first signal ends the run in order: what is known is printed, the hooks are removed. That takes no longer than
/// the limits below, however far behind the run is and whether or not anybody reads its output. The second signal ends
/// the process at once; hooks then go with it, or by their guardian.
enum Interruption {
    /// How long after the first signal packets that were seen before it are still made into walks.
    static let readingMilliseconds: Int64 = 2000
    /// How long after it walks are still made of them.
    static let walksMilliseconds: Int64 = 3000
    /// How long after it causes are still looked for.
    static let explainingMilliseconds: Int64 = 4000
    /// How long after it a reader that takes nothing is still waited for.
    static let writingMilliseconds: Int64 = 6000
    /// After it the process ends, whatever it is at.
    private static let endingSeconds: UInt32 = 15

    private static let received = Atomic<Int32>(0)
    private static let time = Atomic<Int64>(0)

    /// Takes the signals over. SIGHUP stays ignored where it was (nohup(1)).
    static func listen() {
        // What a handler touches has to be there before it runs.
        received.store(0, ordering: .relaxed)
        time.store(0, ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            let before = signal(number) { caught in
                if Interruption.received.exchange(caught, ordering: .relaxed) != 0 { _exit(128 + caught) }
                Interruption.time.store(monotonicMilliseconds(), ordering: .relaxed)
                _ = alarm(Interruption.endingSeconds)
            }
            if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
                signal(number, SIG_IGN)
            }
        }
        signal(SIGALRM) { _ in _exit(128 + Interruption.received.load(ordering: .relaxed)) }
    }

    static var happened: Bool { received.load(ordering: .relaxed) != 0 }

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

    /// Whether a signal came, and so long ago.
    static func happened(before milliseconds: Int64) -> Bool {
        happened && monotonicMilliseconds() - time.load(ordering: .relaxed) >= milliseconds
    }
}
