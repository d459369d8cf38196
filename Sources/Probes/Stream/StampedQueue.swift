internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// What one socket received, with the time of each reception, until the reader thread comes to it.
///
/// `StampedReceiver` fills it, the socket's `ReceivedSource` empties it.
final class StampedQueue: Sendable {
    enum Entry {
        /// - Parameters:
        ///   - bytes: its place in `Contents.bytes`.
        ///   - receivedAt: nanoseconds since 1970.
        case datagram(bytes: Range<Int>, receivedAt: Int64)
        /// ENOBUFS: the kernel threw messages away.
        case overrun
        case failed(errno: Int32)
    }

    struct Contents {
        var bytes: [UInt8] = []
        var entries: [Entry] = []

        mutating func removeAll() {
            // What a burst needed is not kept for ever.
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 20)
            entries.removeAll(keepingCapacity: entries.capacity <= 8192)
        }
    }

    /// eventfd(2): readable while something waits.
    let descriptor: Int32
    private let contents = Mutex(Contents())

    init() throws {
        let flags = Int32(EFD_CLOEXEC | EFD_NONBLOCK)
        descriptor = highDescriptor(try retryingInterrupts("make an eventfd") { eventfd(0, flags) })
    }

    deinit { close(descriptor) }

    func append(_ datagram: UnsafeRawBufferPointer, receivedAt: Int64) {
        let isFirst = contents.withLock { contents in
            let start = contents.bytes.count
            contents.bytes.append(contentsOf: datagram)
            contents.entries.append(.datagram(bytes: start..<contents.bytes.count, receivedAt: receivedAt))
            return contents.entries.count == 1
        }
        if isFirst { signal() }
    }

    var isEmpty: Bool { contents.withLock { $0.entries.isEmpty } }

    func append(_ entry: Entry) {
        contents.withLock { $0.entries.append(entry) }
        signal()
    }

    /// Exchanges all that waits for `spent`, whose memory is used for what follows.
    func exchange(for spent: inout Contents) {
        var count: UInt64 = 0
        _ = eventfd_read(descriptor, &count)
        spent.removeAll()
        contents.withLock { swap(&$0, &spent) }
    }

    /// Makes `descriptor` readable: there is something left in what was exchanged.
    func signal() { _ = eventfd_write(descriptor, 1) }
}
