internal import CLinux
internal import Glibc
internal import Synchronization

/// An open network namespace: a descriptor of `/run/netns/NAME`, `/proc/PID/ns/net` or the like.
///
/// Keeps the namespace alive as long as the value lives.
public final class NetworkNamespaceFile: Sendable {
    public let path: String
    public let descriptor: Int32
    /// The number in `net:[4026531840]`.
    public let inode: UInt64

    /// Opens `path`. Throws `SystemError`, ENOENT where it is gone.
    ///
    /// - Parameter path: bytes in it that are no UTF-8 as `String(kernelName:)` has them.
    public init(path: String) throws {
        let descriptor = highDescriptor(
            try retryingInterrupts("open \(path)") {
                Self.onPath(path) { open($0, O_RDONLY | O_CLOEXEC) }
            })
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let number = errno
            close(descriptor)
            throw SystemError("read \(path)", errorNumber: number)
        }
        self.path = path
        self.descriptor = descriptor
        self.inode = UInt64(status.st_ino)
    }

    deinit { close(descriptor) }

    /// Whether the path still leads to this namespace.
    public var isInPlace: Bool {
        var status = stat()
        return Self.onPath(path) { stat($0, &status) } == 0 && UInt64(status.st_ino) == inode
    }

    /// Calls `body` with the path as it is, and where nothing is there with the bytes that it can stand for.
    private static func onPath(_ path: String, _ body: (UnsafePointer<CChar>) -> Int32) -> Int32 {
        let result = body(path)
        guard result < 0, errno == ENOENT, let bytes = path.kernelNameBytes else { return result }
        return (bytes + [0]).withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map(body) ?? result
            }
        }
    }

    /// The namespace that this process runs in.
    public static func current() throws -> NetworkNamespaceFile {
        try NetworkNamespaceFile(path: "/proc/self/ns/net")
    }

    /// Runs `body` on a thread of its own that has entered this namespace, and waits for it.
    ///
    /// A descriptor opened there (a socket, a capture) goes on working from any thread. The caller's own thread never
    /// changes its namespace. Costs a thread, some 30 µs.
    public func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let descriptor = self.descriptor
        let path = self.path
        return try onThread {
            let code = packetwalk_enter_network_namespace(descriptor)
            if code < 0 { throw SystemError("enter network namespace \(path)", errorNumber: -code) }
            return try body()
        }
    }
}

private final class Outcome<Value: Sendable>: Sendable {
    let work: @Sendable () throws -> Value
    let result = Mutex<Result<Value, any Error>?>(nil)
    init(_ work: @escaping @Sendable () throws -> Value) { self.work = work }
    func run() {
        let value = Result { try work() }
        result.withLock { $0 = value }
    }
}

/// Runs `work` on a fresh thread and waits for it.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) throws -> Value {
    let outcome = Outcome(work)
    var thread = pthread_t()
    let closure = Unmanaged.passRetained(ThreadStart { outcome.run() })
    let code = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, closure.toOpaque())
    guard code == 0 else {
        closure.release()
        throw SystemError("start a thread", errorNumber: code)
    }
    pthread_join(thread, nil)
    guard let result = outcome.result.withLock({ $0 }) else {
        throw SystemError("run a thread", errorNumber: ECANCELED)
    }
    return try result.get()
}

private final class ThreadStart {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
}
