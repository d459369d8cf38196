internal import Glibc
internal import LinuxSystem

/// A trace instance of our own: buffer, clock and switches that nobody else's tracing shares. The kernel keeps it until
/// it is removed, so its name says whose it is.
struct TraceInstance {
    /// `packetwalk-PID.START.SPACE-N`: the run (`RunIdentity`), and a number within it.
    let name: String
    private let files: TraceFileSystem
    private let directory: Int32

    /// Makes it. Nothing is traced yet. Throws `SystemError`.
    init(name: String, in files: TraceFileSystem) throws {
        let path = "instances/\(name)"
        try retryingInterrupts("make the trace instance \(name)") { mkdirat(files.root, path, 0o700) }
        self.name = name
        self.files = files
        do {
            directory = try retryingInterrupts("open the trace instance \(name)") {
                openat(files.root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            }
        } catch {
            unlinkat(files.root, path, AT_REMOVEDIR)
            throw error
        }
    }

    /// Throws `SystemError`.
    func write(_ text: String, to path: String) throws {
        let descriptor = try retryingInterrupts("open \(path) of a trace instance") {
            openat(directory, path, O_WRONLY | O_CLOEXEC)
        }
        defer { Glibc.close(descriptor) }
        guard writeAll(Array(text.utf8), to: descriptor) else {
            throw SystemError("write \(text) to \(path) of a trace instance", errorNumber: errno)
        }
    }

    /// Throws `SystemError`.
    func read(_ path: String) throws -> String {
        String(decoding: try readFile(path, below: directory), as: UTF8.self)
    }

    /// Opens what the instance records, for reading without waiting. Throws `SystemError`.
    func openPipe() throws -> Int32 {
        try retryingInterrupts("open trace_pipe of a trace instance") {
            openat(directory, "trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        }
    }

    /// Lets go of it. It stays until `remove`.
    func close() { Glibc.close(directory) }

    // MARK: Whoever made it

    /// Removes an instance; harmless where there is none of that name. Waits a moment for a process that was killed to
    /// let go of it. Throws `SystemError`.
    static func remove(_ name: String, in files: TraceFileSystem) throws {
        for attempt in 1... {
            if unlinkat(files.root, "instances/\(name)", AT_REMOVEDIR) == 0 || errno == ENOENT { return }
            let code = errno
            guard code == EBUSY, attempt < 100 else {
                throw SystemError("remove the trace instance \(name)", errorNumber: code)
            }
            usleep(20_000)
        }
    }

    /// The run that made the instance of this name; nil for somebody else's.
    static func run(of name: String) -> RunIdentity? {
        guard name.hasPrefix(RunIdentity.tablePrefix) else { return nil }
        let parts = name.dropFirst(RunIdentity.tablePrefix.count).split(
            separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[1].isEmpty, parts[1].allSatisfy(\.isNumber) else { return nil }
        return RunIdentity(parts[0])
    }

    /// The instances of runs that are over.
    static func leftovers(in files: TraceFileSystem) -> [(name: String, run: RunIdentity)] {
        let instances = openat(files.root, "instances", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard instances >= 0 else { return [] }
        defer { Glibc.close(instances) }
        return directoryNames(instances).compactMap { name in
            guard let run = run(of: name), !run.isAlive else { return nil }
            return (name, run)
        }
    }
}
