internal import Glibc
internal import LinuxSystem
internal import Synchronization
internal import Views

/// A line on standard error, where it is a terminal, while something takes longer than a second; gone with its end.
final class Progress: Sendable {
    private struct State {
        var text: String
        var hasEnded = false
        var isShown = false
    }

    private let state: Mutex<State>

    init(_ text: String) {
        state = Mutex(State(text: text))
        guard isatty(STDERR_FILENO) == 1 else { return }
        try? WorkerThread { [weak self] in
            usleep(1_000_000)
            self?.show()
        }.detach()
    }

    private func show() {
        state.withLock { state in
            guard !state.hasEnded else { return }
            state.isShown = true
            Self.write(state.text)
        }
    }

    /// What is done now, in place of what stood there.
    func say(_ text: String) {
        state.withLock { state in
            state.text = text
            if state.isShown, !state.hasEnded { Self.write(text) }
        }
    }

    /// Not more than one line of the terminal: what is longer could not be erased.
    private static func write(_ text: String) {
        let columns = max(Terminal.size(STDERR_FILENO)?.columns ?? 80, 20)
        let line = "\(erase)\("packetwalk: \(visibleText(text)) …".prefix(columns - 1))"
        _ = Glibc.write(STDERR_FILENO, line, line.utf8.count)
    }

    /// The line (ECMA-48).
    private static let erase = "\r\u{1b}[K"

    func end() {
        state.withLock { state in
            state.hasEnded = true
            guard state.isShown else { return }
            state.isShown = false
            _ = Glibc.write(STDERR_FILENO, Self.erase, Self.erase.utf8.count)
        }
    }

    deinit { end() }
}
