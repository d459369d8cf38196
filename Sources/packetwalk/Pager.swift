internal import ArgumentParser
internal import Glibc
internal import LinuxSystem
internal import Synchronization
internal import Views

/// Long text at a terminal goes through a pager, as that of git(1) and systemctl(1) does: `$PAGER`, else less(1).
///
/// Never where standard output is no terminal. The process waits for the pager at its end.
enum Pager {
    private static let descriptor = Atomic<Int32>(STDOUT_FILENO)
    private static let child = Mutex<ChildProcess?>(nil)

    /// Where `printOut` writes to.
    static var output: Int32 { descriptor.load(ordering: .relaxed) }

    /// Begins it, before the first byte is written. Nothing happens where there is none, or no terminal.
    static func begin() {
        let facts = TerminalFacts.current()
        guard output == STDOUT_FILENO, facts.isTerminal, !facts.isDumb, let program, let pipe = try? Pipe() else {
            return
        }
        var environment: [String: String] = [:]
        // What fits on the screen is printed and that is all (F), colours pass (R), and it stays on the screen (X).
        if getenv("LESS") == nil { environment["LESS"] = "FRX" }
        if getenv("LESSCHARSET") == nil, !facts.isASCIILocale { environment["LESSCHARSET"] = "utf-8" }
        guard let started = try? Command(["sh", "-c", program], environment: environment).start(input: pipe.reading)
        else { return }
        let writing = fcntl(pipe.writing, F_DUPFD_CLOEXEC, 3)
        guard writing >= 0 else { return }
        child.withLock { $0 = started }
        descriptor.store(writing, ordering: .relaxed)
        // What is said on standard error would be lost behind its screen.
        holdComplaints()
        // Ctrl-C is the pager's.
        signal(SIGINT, SIG_IGN)
        atexit { Pager.end() }
    }

    /// What a shell is to run; nil where the text is to be printed as it is.
    private static var program: String? {
        for name in ["PACKETWALK_PAGER", "PAGER"] {
            guard let value = getenv(name).map({ String(cString: $0) }) else { continue }
            let words = value.split(separator: " ")
            guard let first = words.first, words != ["cat"] else { return nil }
            if first.contains("/") || programPath(String(first)) != nil { return value }
            complain("cannot page with \(name)=\(value): \(first) is not there")
            return nil
        }
        return programPath("less") == nil ? nil : "less"
    }

    /// Says that no more comes, and waits until the pager is left.
    private static func end() {
        let started = child.withLock { child in
            defer { child = nil }
            return child
        }
        guard let started else { return }
        close(descriptor.exchange(STDOUT_FILENO, ordering: .relaxed))
        _ = try? started.wait()
        for complaint in releaseComplaints() { complain(complaint) }
    }
}

/// Of the commands whose text may be longer than the screen.
struct PagerOptions: ParsableArguments {
    @Flag(help: "Do not show long text at a terminal through $PAGER, or less.")
    var noPager = false

    /// Has what is printed from here on go through a pager, unless that is not wanted.
    func begin() {
        if !noPager { Pager.begin() }
    }
}
