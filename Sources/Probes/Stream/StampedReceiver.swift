internal import CLinux
internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Takes over netlink datagrams as soon as they come, and stamps them: on a thread of its own that does nothing else.
///
/// What the kernel logs on a packet's path out, traces or tells of conntrack bears no time. The time of its reading
/// stands for it, and orders it among other packets: read in turn with everything else it would come seconds late
/// where much is to be read, and packets that look alike would be taken for each other.
///
/// Holds about `budget` bytes; beyond them messages wait in the sockets, where the kernel counts what it must drop. But
/// a queue that is empty is given a turn even then: that a queue is empty always means that its socket was.
final class StampedReceiver: Sendable {
    private struct Registry {
        var queues: [Int32: StampedQueue] = [:]
        /// As large as a netlink message can get (NFULNL_NLBUFSIZ_MAX).
        var buffer = [UInt8](repeating: 0, count: 131_072)
    }

    private let registry = Mutex(Registry())
    private let held = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    private let budget: Int
    private let epoll: Int32
    /// eventfd(2): room, or the wish to stop.
    private let control: Int32

    /// Datagrams of one socket before the next has its turn.
    private static let turn = 64

    init(budget: Int = 32 << 20) throws {
        self.budget = budget
        epoll = packetwalk_epoll_make()
        if epoll < 0 { throw SystemError("make an epoll descriptor", errorNumber: -epoll) }
        let flags = Int32(EFD_CLOEXEC | EFD_NONBLOCK)
        control = try retryingInterrupts("make an eventfd") { eventfd(0, flags) }
        let code = packetwalk_epoll_add(epoll, control)
        if code < 0 { throw SystemError("watch a descriptor", errorNumber: -code) }
    }

    deinit {
        close(epoll)
        close(control)
    }

    /// Receives until `stop`, on a new thread. Its priority is raised where the caller may; then it gives its privileges away.
    func start() throws -> WorkerThread {
        try WorkerThread { [self] in
            nameThread(LiveSource.ReadingThread.receiverName)
            packetwalk_raise_priority()
            confine()
            while !isStopping.load(ordering: .acquiring) {
                if isFull {
                    waitForControl()
                } else {
                    receive(timeoutMilliseconds: -1)
                }
            }
        }
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        _ = eventfd_write(control, 1)
    }

    /// Receives from the socket `descriptor` from now on.
    func add(_ descriptor: Int32) throws -> StampedQueue {
        let queue = try StampedQueue()
        registry.withLock { $0.queues[descriptor] = queue }
        let code = packetwalk_epoll_add(epoll, descriptor)
        if code < 0 {
            registry.withLock { $0.queues[descriptor] = nil }
            throw SystemError("watch a descriptor", errorNumber: -code)
        }
        return queue
    }

    /// Leaves the socket alone: once this has returned it may be closed.
    func remove(_ descriptor: Int32) {
        packetwalk_epoll_remove(epoll, descriptor)
        registry.withLock { $0.queues[descriptor] = nil }
    }

    /// Takes over what has come up to now, on the caller's thread, as far as there is room.
    func sweep() {
        while receive(timeoutMilliseconds: 0) {}
    }

    /// The same for one socket, room or not: one turn.
    func sweep(_ descriptor: Int32) {
        registry.withLock { registry in
            guard let queue = registry.queues[descriptor] else { return }
            _ = take(from: descriptor, to: queue, by: &registry.buffer)
        }
    }

    /// Tells that the reader is done with so many bytes.
    func release(_ bytes: Int) {
        let (before, after) = held.subtract(bytes, ordering: .relaxed)
        if before >= budget, after < budget { _ = eventfd_write(control, 1) }
    }

    private var isFull: Bool { held.load(ordering: .relaxed) >= budget }

    /// Takes over from each socket that has something, one turn.
    /// - Returns: whether anything was taken.
    @discardableResult
    private func receive(timeoutMilliseconds: Int32) -> Bool {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 256) { ready in
            let count = packetwalk_epoll_wait(epoll, ready.baseAddress, 256, timeoutMilliseconds)
            guard count > 0 else { return false }
            return registry.withLock { registry in
                var found = false
                let hadRoom = !isFull
                for descriptor in ready[..<Int(count)] {
                    if let queue = registry.queues[descriptor] {
                        guard hadRoom || queue.isEmpty else { continue }
                        if take(from: descriptor, to: queue, by: &registry.buffer) { found = true }
                    } else if descriptor == control, timeoutMilliseconds != 0 {
                        // Meant for the thread, not for one that sweeps.
                        clearControl()
                    }
                }
                return found
            }
        }
    }

    private func take(from descriptor: Int32, to queue: StampedQueue, by buffer: inout [UInt8]) -> Bool {
        buffer.withUnsafeMutableBytes { buffer in
            var taken = 0
            while taken < Self.turn {
                let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                if count >= 0 {
                    let now = realTimeNanoseconds()
                    held.add(count, ordering: .relaxed)
                    queue.append(UnsafeRawBufferPointer(rebasing: buffer[..<count]), receivedAt: now)
                    taken += 1
                    continue
                }
                switch errno {
                case EINTR: continue
                case EAGAIN: return taken > 0
                case ENOBUFS: queue.append(.overrun)
                default:
                    let number = errno
                    packetwalk_epoll_remove(epoll, descriptor)
                    queue.append(.failed(errno: number))
                    return true
                }
            }
            return true
        }
    }

    private func waitForControl() {
        var polled = pollfd(fd: control, events: Int16(POLLIN), revents: 0)
        _ = poll(&polled, 1, -1)
        clearControl()
    }

    private func clearControl() {
        var count: UInt64 = 0
        _ = eventfd_read(control, &count)
    }
}
