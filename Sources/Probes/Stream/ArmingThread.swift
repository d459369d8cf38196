internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// The one thread of a run's probes that keeps its privileges: it enters namespaces, opens sockets, lays hooks and takes
/// them away, while the thread that asks for it waits.
///
/// Who reads packets has none (`confine`): what a packet could make of its reader ends there.
final class ArmingThread: Sendable {
    /// Crosses from the thread that waits for it to this one, and nowhere else.
    private struct Work: @unchecked Sendable {
        var run: () -> Void
    }

    private final class Desk: Sendable {
        let order = Mutex<Work?>(nil)
        /// pthread_self(3) of the thread; 0 before it runs.
        let identity = Atomic<UInt>(0)
        /// eventfd(2): there is work, or none will come.
        let asked: Int32
        /// eventfd(2): the work is done.
        let done: Int32

        init() throws {
            let flags = Int32(EFD_CLOEXEC)
            asked = highDescriptor(try retryingInterrupts("make an eventfd") { eventfd(0, flags) })
            done = highDescriptor(try retryingInterrupts("make an eventfd") { eventfd(0, flags) })
        }

        deinit {
            close(asked)
            close(done)
        }

        func serve() {
            identity.store(UInt(pthread_self()), ordering: .releasing)
            while true {
                Self.wait(asked)
                guard work() else { return }
                _ = eventfd_write(done, 1)
            }
        }

        /// Does what is on the desk, and has let go of it when it returns: it is the caller's, who goes on.
        @inline(never)
        private func work() -> Bool {
            guard
                let work = order.withLock({ order in
                    defer { order = nil }
                    return order
                })
            else { return false }
            work.run()
            return true
        }

        static func wait(_ descriptor: Int32) {
            var count: UInt64 = 0
            while eventfd_read(descriptor, &count) != 0, errno == EINTR {}
        }
    }

    private let desk: Desk
    private let thread: WorkerThread

    /// Starts it, with the privileges of the caller.
    init() throws {
        let desk = try Desk()
        self.desk = desk
        thread = try WorkerThread {
            nameThread("pw-arm")
            desk.serve()
        }
    }

    /// Runs `body` on the thread, and waits for it. Called by one thread, or from within such a body.
    func perform<Value>(_ body: () throws -> Value) throws -> Value {
        if desk.identity.load(ordering: .acquiring) == UInt(pthread_self()) { return try body() }
        var result: Result<Value, any Error>?
        withoutActuallyEscaping({ result = Result { try body() } }) { run in
            desk.order.withLock { $0 = Work(run: run) }
            _ = eventfd_write(desk.asked, 1)
            Desk.wait(desk.done)
        }
        guard let result else { throw SystemError("run a thread", errorNumber: ECANCELED) }
        return try result.get()
    }

    /// Ends it. Once only.
    func stop() {
        _ = eventfd_write(desk.asked, 1)
        thread.join()
    }
}
