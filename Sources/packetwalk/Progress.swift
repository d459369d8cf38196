internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// A line on standard error, where it is a terminal, while something takes longer than a second; gone with its end.
final class Progress: Sendable {
    private struct State {
        var hasEnded = false
        var isShown = false
    }

    private let state = Mutex(State())

    init(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        try? WorkerThread { [weak self] in
            usleep(1_000_000)
            self?.show(text)
        }.detach()
    }

    private func show(_ text: String) {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.isShown = true
            let line = "packetwalk: \(text) …"
            _ = write(STDERR_FILENO, line, line.utf8.count)
        }
    }

    func end() {
        state.withLock { state in
            state.hasEnded = true
            guard state.isShown else { return }
            state.isShown = false
            // Erase the line (ECMA-48).
            let erase = "\r\u{1b}[K"
            _ = write(STDERR_FILENO, erase, erase.utf8.count)
        }
    }

    deinit { end() }
}
