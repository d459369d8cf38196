internal import CLinux
internal import Glibc

/// Another program, run to its end.
///
/// Synchronous on purpose: the child must be made by a thread that can choose its network namespace, which a task on
/// a shared pool cannot promise (see `docs/decisions`). A program may end before it has read its input: the process
/// must ignore SIGPIPE, as the tool does from its start.
public struct Command: Sendable {
    public struct Output: Sendable, Hashable {
        /// The exit status, or 128 and the signal's number, as a shell counts.
        public var status: Int32
        public var standardOutput: [UInt8]
        public var standardError: [UInt8]
        public var text: String { String(decoding: standardOutput, as: UTF8.self) }
        public var errorText: String { String(decoding: standardError, as: UTF8.self) }
    }

    public var arguments: [String]
    /// Added to this process's own environment.
    public var environment: [String: String]
    public var namespace: NetworkNamespaceFile?

    public init(_ arguments: [String], environment: [String: String] = [:], namespace: NetworkNamespaceFile? = nil) {
        self.arguments = arguments
        self.environment = environment
        self.namespace = namespace
    }

    /// Runs it with `input` and gathers what it prints. Throws `SystemError` where it can't be started; a status other
    /// than 0 is no error here.
    public func run(input: [UInt8] = []) throws -> Output {
        let inPipe = try Pipe()
        let outPipe = try Pipe()
        let errorPipe = try Pipe()
        let child = try start(input: inPipe.reading, output: outPipe.writing, error: errorPipe.writing)
        inPipe.closeReading()
        outPipe.closeWriting()
        errorPipe.closeWriting()

        var pending = input[...]
        if pending.isEmpty { inPipe.closeWriting() } else { setNonBlocking(inPipe.writing) }
        var gathered: [[UInt8]] = [[], []]
        var open = [outPipe.reading, errorPipe.reading]
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while open.contains(where: { $0 >= 0 }) {
            var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            polled.append(pollfd(fd: pending.isEmpty ? -1 : inPipe.writing, events: Int16(POLLOUT), revents: 0))
            try retryingInterrupts("wait for \(arguments[0])") { poll(&polled, nfds_t(polled.count), -1) }
            for index in 0..<2 where polled[index].revents != 0 {
                let count = read(open[index], &buffer, buffer.count)
                if count > 0 {
                    gathered[index].append(contentsOf: buffer[..<count])
                } else if count == 0 || errno != EINTR {
                    open[index] = -1
                }
            }
            if polled[2].revents != 0 {
                let count = pending.withUnsafeBytes { write(inPipe.writing, $0.baseAddress, $0.count) }
                if count > 0 { pending = pending.dropFirst(count) }
                if count < 0, errno != EINTR, errno != EAGAIN { pending = [] }
                if pending.isEmpty { inPipe.closeWriting() }
            }
        }
        return Output(status: try child.wait(), standardOutput: gathered[0], standardError: gathered[1])
    }

    /// Starts it with the given descriptors as 0, 1 and 2 (-1: this process's own).
    ///
    /// - Parameter parentDeathSignal: sent to the child when the *thread* that called this ends; 0 for none.
    public func start(
        input: Int32 = -1, output: Int32 = -1, error: Int32 = -1, parentDeathSignal: Int32 = 0, newGroup: Bool = false
    ) throws -> ChildProcess {
        let child = withCArguments { path, words, surroundings in
            packetwalk_spawn(
                path, words, surroundings, input, output, error, namespace?.descriptor ?? -1, parentDeathSignal,
                newGroup ? 1 : 0)
        }
        guard child > 0 else { throw SystemError("run \(arguments.first ?? "a command")", errorNumber: -child) }
        return ChildProcess(identifier: child)
    }

    /// The program's name, its arguments and its environment as execve(2) takes them; -EINVAL without a name.
    func withCArguments(
        _ body: (
            UnsafePointer<CChar>, UnsafePointer<UnsafeMutablePointer<CChar>?>,
            UnsafePointer<UnsafeMutablePointer<CChar>?>
        ) -> Int32
    ) -> Int32 {
        guard let path = arguments.first, !path.isEmpty else { return -EINVAL }
        let words = arguments.map { strdup($0) } + [nil]
        let surroundings = mergedEnvironment().map { strdup($0) } + [nil]
        defer {
            for word in words { free(word) }
            for word in surroundings { free(word) }
        }
        return path.withCString { body($0, words, surroundings) }
    }

    private func mergedEnvironment() -> [String] {
        var merged: [String] = []
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            let key = text.prefix { $0 != "=" }
            if environment[String(key)] == nil { merged.append(text) }
            next += 1
        }
        return merged + environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}

/// A child that was started and not yet waited for.
public struct ChildProcess: Sendable {
    public let identifier: Int32

    /// Waits for its end: the exit status, or 128 and the signal's number.
    public func wait() throws -> Int32 {
        var status: Int32 = 0
        try retryingInterrupts("wait for process \(identifier)") { waitpid(identifier, &status, 0) }
        return Self.decode(status)
    }

    /// Its status if it has ended, else nil.
    public func poll() throws -> Int32? {
        var status: Int32 = 0
        let found = try retryingInterrupts("wait for process \(identifier)") { waitpid(identifier, &status, WNOHANG) }
        return found == 0 ? nil : Self.decode(status)
    }

    public func signal(_ number: Int32) {
        kill(identifier, number)
    }

    private static func decode(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}

/// pipe2(2) with O_CLOEXEC; what is still open is closed at the end of its life.
public final class Pipe {
    public private(set) var reading: Int32
    public private(set) var writing: Int32

    public init() throws {
        var ends: [Int32] = [-1, -1]
        try retryingInterrupts("make a pipe") { packetwalk_pipe(&ends) }
        reading = ends[0]
        writing = ends[1]
    }

    deinit {
        closeReading()
        closeWriting()
    }

    public func closeReading() {
        if reading >= 0 { close(reading) }
        reading = -1
    }

    public func closeWriting() {
        if writing >= 0 { close(writing) }
        writing = -1
    }
}

private func setNonBlocking(_ descriptor: Int32) {
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
}
