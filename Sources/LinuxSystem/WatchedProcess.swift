internal import CLinux
internal import Glibc
internal import Synchronization

/// A socket call by which a watched program failed to send.
public struct FailedSend: Sendable, Hashable {
    /// CLOCK_REALTIME.
    public var timeNanoseconds: Int64
    /// Of the sender's network namespace.
    public var namespaceInode: UInt64
    public var errorNumber: Int32
    /// As SO_PROTOCOL says it: 17 for UDP.
    public var ipProtocol: UInt8
    /// 4 or 16 bytes; nil where the socket had no address yet.
    public var source: [UInt8]?
    public var sourcePort: UInt16
    /// 4 or 16 bytes.
    public var destination: [UInt8]
    public var destinationPort: UInt16
}

/// A program that runs while its failing socket calls are heard: what `connect` or `sendto` answered when no packet
/// left at all.
///
/// The program's speed suffers only at its connect and send calls (two stops of some microseconds each). Programs that
/// it leaves running end with this process.
public final class WatchedProcess: Sendable {
    private struct State {
        var failures: [FailedSend] = []
        var status: Int32?
    }

    /// What the tracing thread and this object share.
    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    /// What the tracing thread is started with.
    private final class Start {
        let command: Command
        let input: Int32
        let output: Int32
        let shared: Shared
        /// The child's id or a negative errno goes here.
        let reply: Int32
        init(command: Command, input: Int32, output: Int32, shared: Shared, reply: Int32) {
            self.command = command
            self.input = input
            self.output = output
            self.shared = shared
            self.reply = reply
        }
    }

    private let shared = Shared()
    public let identifier: Int32

    /// Starts `command` in this process's own namespace. Throws `SystemError`: EPERM where this process may not trace.
    ///
    /// - Parameters:
    ///   - input: becomes the program's standard input; -1 for this process's own.
    ///   - output: becomes its standard output.
    public init(_ command: Command, input: Int32 = -1, output: Int32 = -1) throws {
        let pipe = try Pipe()
        let start = Unmanaged.passRetained(
            Start(command: command, input: input, output: output, shared: shared, reply: pipe.writing))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                if let argument { WatchedProcess.serve(Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()) }
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw SystemError("start a thread", errorNumber: code)
        }
        pthread_detach(thread)
        var answer: Int32 = -EIO
        try retryingInterrupts("start \(command.arguments.first ?? "")") { read(pipe.reading, &answer, 4) }
        guard answer > 0 else { throw SystemError("run \(command.arguments.first ?? "")", errorNumber: -answer) }
        identifier = answer
    }

    /// Its exit status, or 128 and the signal's number; nil while it runs.
    public var status: Int32? { shared.state.withLock { $0.status } }

    /// The failures since the last call.
    public func takeFailures() -> [FailedSend] {
        shared.state.withLock { state in
            defer { state.failures = [] }
            return state.failures
        }
    }

    public func signal(_ number: Int32) {
        if status == nil { kill(identifier, number) }
    }

    /// The tracing thread: starts the program, since only the thread that traces it may serve it, and stays.
    private static func serve(_ start: Start) {
        var answer = start.command.withCArguments { path, arguments, environment in
            packetwalk_watch_start(path, arguments, environment, start.input, start.output, -1)
        }
        let child = answer
        _ = write(start.reply, &answer, 4)
        guard child > 0 else { return }
        packetwalk_watch_run(
            child,
            { context, failure in
                guard let context, let failure else { return }
                Unmanaged<Shared>.fromOpaque(context).takeUnretainedValue().state.withLock {
                    // A program that fails in a loop is told of, not stored.
                    if $0.failures.count < 1000 { $0.failures.append(FailedSend(failure.pointee)) }
                }
            },
            { context, status in
                guard let context else { return }
                Unmanaged<Shared>.fromOpaque(context).takeUnretainedValue().state.withLock { $0.status = status }
            }, Unmanaged.passUnretained(start.shared).toOpaque())
    }
}

extension FailedSend {
    fileprivate init(_ raw: packetwalk_send_failure) {
        let count = raw.family == 4 ? 4 : 16
        self.init(
            timeNanoseconds: raw.time_nanoseconds, namespaceInode: raw.namespace_inode, errorNumber: raw.error,
            ipProtocol: UInt8(truncatingIfNeeded: raw.ip_protocol),
            source: raw.has_source == 0 ? nil : withUnsafeBytes(of: raw.source) { Array($0.prefix(count)) },
            sourcePort: raw.source_port,
            destination: withUnsafeBytes(of: raw.destination) { Array($0.prefix(count)) },
            destinationPort: raw.destination_port)
    }
}
