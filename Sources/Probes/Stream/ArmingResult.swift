internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// Tells the thread that waits in `LiveSource.init` how arming went.
final class ArmingResult: Sendable {
    private let result = Mutex<Result<Void, any Error>?>(nil)
    private let done: Int32

    init() throws {
        done = try retryingInterrupts("make an eventfd") { eventfd(0, Int32(EFD_CLOEXEC)) }
    }

    deinit { close(done) }

    func report(_ outcome: Result<Void, any Error>) {
        result.withLock { $0 = outcome }
        _ = eventfd_write(done, 1)
    }

    /// Blocks until `report`; throws what it was given.
    func wait() throws {
        var count: UInt64 = 0
        while eventfd_read(done, &count) != 0, errno == EINTR {}
        try result.withLock { $0 }?.get()
    }
}
