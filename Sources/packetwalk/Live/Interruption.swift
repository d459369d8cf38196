internal import Glibc
internal import Synchronization

/// Whether somebody asked the run to end: Ctrl-C, SIGTERM or SIGHUP.
///
/// The first signal ends the run in order (hooks removed, walks printed); the second ends the process.
enum Interruption {
    private static let received = Atomic<Int32>(0)

    static func listen() {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { caught in
                if Interruption.received.exchange(caught, ordering: .relaxed) != 0 { _exit(128 + caught) }
            }
        }
    }

    static var happened: Bool { received.load(ordering: .relaxed) != 0 }
}
