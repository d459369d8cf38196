internal import FoundationEssentials
internal import Glibc
internal import LinuxSystem
internal import Probes
internal import Runs
internal import Synchronization
internal import Views

/// The terminal that the live screen is on: keys come in, lines go out, and it is left as it was.
final class LiveTerminal {
    /// What signals have asked for since it was looked at.
    private static let wasResized = Atomic<Bool>(false)
    private static let isToStop = Atomic<Bool>(false)
    private static let wasContinued = Atomic<Bool>(false)

    private let input: Int32
    private let output = STDOUT_FILENO
    private let guardian: (child: ChildProcess, pipe: Pipe)?
    /// Where what others print on standard error goes meanwhile.
    private let printed: Pipe
    private let standardError: Int32
    private var gathered: [UInt8] = []
    private var reader = LiveKeyReader()
    private var waitingSince: Int64?
    private var drawn: [String] = []
    private var isOpen = true

    /// Kept of what others print.
    private static let gatheredLimit = 16_384
    /// After an escape byte nothing more of a sequence comes so late.
    private static let escapeMilliseconds: Int64 = 50

    /// Throws `RunError` where standard output is no terminal that can be drawn on.
    static func check() throws {
        let facts = TerminalFacts.current()
        if !facts.isTerminal {
            throw RunError(.usage, "cannot show a live screen: standard output is no terminal; leave --live out")
        }
        if facts.isDumb || getenv("TERM") == nil {
            throw RunError(
                .usage, "cannot show a live screen: TERM does not name a terminal with a cursor; leave --live out")
        }
    }

    /// Takes the terminal. Throws `RunError`, `SystemError`.
    init() throws {
        try Self.check()
        var keys = STDIN_FILENO
        if isatty(keys) == 0 {
            keys = Glibc.open("/dev/tty", O_RDONLY | O_CLOEXEC)
            if keys < 0 {
                throw RunError(.usage, "cannot show a live screen: there is no terminal to read keys from")
            }
        }
        input = keys
        printed = try Pipe()
        _ = fcntl(printed.reading, F_SETFL, O_NONBLOCK)
        standardError = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
        guardian = try? Self.startGuardian()
        for number in [SIGWINCH, SIGTSTP, SIGCONT] { Self.listen(number) }
        try Terminal.take(output, guardian: guardian?.pipe.writing ?? -1)
        dup2(printed.writing, STDERR_FILENO)
        holdComplaints()
    }

    deinit { close() }

    /// Puts the terminal back, then prints what was held back.
    func close() {
        guard isOpen else { return }
        isOpen = false
        Terminal.release()
        for number in [SIGWINCH, SIGTSTP, SIGCONT] { signal(number, SIG_DFL) }
        gather()
        if standardError >= 0 {
            dup2(standardError, STDERR_FILENO)
            Glibc.close(standardError)
        }
        if !gathered.isEmpty { try? write(gathered[...], to: STDERR_FILENO) }
        for complaint in releaseComplaints() { complain(complaint) }
        guardian?.pipe.closeWriting()
        _ = try? guardian?.child.wait()
        if input != STDIN_FILENO { Glibc.close(input) }
    }

    private static func startGuardian() throws -> (ChildProcess, Pipe)? {
        guard let program = HookGuardian.standardCommand.first else { return nil }
        let pipe = try Pipe()
        let child = try Command([program, Terminal.guardianArgument]).start(input: pipe.reading, newGroup: true)
        pipe.closeReading()
        return (child, pipe)
    }

    private static func listen(_ number: Int32) {
        signal(number) { caught in
            switch caught {
            case SIGWINCH: LiveTerminal.wasResized.store(true, ordering: .relaxed)
            case SIGTSTP: LiveTerminal.isToStop.store(true, ordering: .relaxed)
            default: LiveTerminal.wasContinued.store(true, ordering: .relaxed)
            }
        }
    }

    // MARK: Signals

    /// Stops where that was asked for, and says whether the screen must be drawn anew: after a stop, or in another size.
    func serveSignals() throws -> Bool {
        if Self.isToStop.exchange(false, ordering: .relaxed) {
            Terminal.release()
            signal(SIGTSTP, SIG_DFL)
            Self.stopHere()
            Self.listen(SIGTSTP)
            Self.wasContinued.store(true, ordering: .relaxed)
        }
        let goesOn = Self.wasContinued.exchange(false, ordering: .relaxed)
        if goesOn { try Terminal.take(output, guardian: guardian?.pipe.writing ?? -1) }
        let isResized = Self.wasResized.exchange(false, ordering: .relaxed)
        if goesOn || isResized { drawn = [] }
        return goesOn || isResized
    }

    /// Stops the whole process, before this thread does anything more: a signal to the process might reach another thread
    /// first, and this one would go on meanwhile.
    private static func stopHere() {
        var stop = sigset_t()
        var before = sigset_t()
        sigemptyset(&stop)
        sigaddset(&stop, SIGTSTP)
        _ = raise(SIGTSTP)
        pthread_sigmask(SIG_UNBLOCK, &stop, &before)
        // Here it goes on.
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }

    /// 80 by 24 where it does not say.
    var size: (columns: Int, rows: Int) { Terminal.size(output) ?? (80, 24) }

    // MARK: Keys

    /// What was typed since the last call; nil where the terminal is gone.
    ///
    /// - Parameter waitMilliseconds: how long to wait for a key.
    func keys(waitMilliseconds: Int32) -> [LiveKey]? {
        gather()
        var polled = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
        var keys: [LiveKey] = []
        if poll(&polled, 1, waitMilliseconds) > 0 {
            var buffer = [UInt8](repeating: 0, count: 1024)
            let count = polled.revents & Int16(POLLIN) != 0 ? read(input, &buffer, buffer.count) : 0
            if count == 0 || count < 0 && errno != EINTR && errno != EAGAIN { return nil }
            if count > 0 { keys = reader.take(buffer[..<count]) }
        }
        let now = monotonicMilliseconds()
        if !reader.isWaiting {
            waitingSince = nil
        } else if let since = waitingSince, now - since >= Self.escapeMilliseconds {
            keys += reader.finish()
            waitingSince = nil
        } else if waitingSince == nil {
            waitingSince = now
        }
        return keys
    }

    // MARK: Lines

    /// Draws the lines that are not there yet. A terminal that takes nothing now gets them the next time.
    func draw(_ lines: [String]) throws {
        var polled = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
        guard poll(&polled, 1, 0) > 0 else { return }
        var text = drawn.isEmpty ? "\u{1b}[2J" : ""
        for (row, line) in lines.enumerated() where !drawn.indices.contains(row) || drawn[row] != line {
            // Erased first: after a character in the last column the cursor is still upon it.
            text += "\u{1b}[\(row + 1);1H\u{1b}[2K\(line)"
        }
        drawn = lines
        if !text.isEmpty { try printOut(text) }
    }

    /// All lines are drawn the next time.
    func forget() { drawn = [] }

    /// Puts text into the clipboard (xterm's OSC 52), where the terminal allows it.
    func copy(_ text: String) throws {
        try printOut("\u{1b}]52;c;\(Data(text.utf8).base64EncodedString())\u{07}")
    }

    /// Takes what others have printed, so that they need not wait.
    private func gather() {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(printed.reading, &buffer, buffer.count)
            guard count > 0 else { return }
            gathered += buffer[..<count]
            if gathered.count > Self.gatheredLimit { gathered.removeFirst(gathered.count - Self.gatheredLimit) }
        }
    }
}
