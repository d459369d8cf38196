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

        /// Takes back the stamps of what was received long after it was sent, where what stands behind it in the same
        /// socket says when it came: a message was sent before those that follow it.
        ///
        /// A packet can be older than its messages (it was put together from fragments, or waited in a queue of its
        /// own), so the newest of the next few counts.
        /// - Parameter arrival: when the packet arrived that a datagram tells of, in nanoseconds since 1970, where it
        ///   says so and tells it at once.
        mutating func takeBackLateStamps(arrival: (ArraySlice<UInt8>) -> Int64?) {
            guard entries.count > StampedQueue.witnesses else { return }
            // The last few arrivals that were met, going backwards.
            var following = [Int64](repeating: .max, count: StampedQueue.witnesses)
            var oldest = 0
            for index in entries.indices.reversed() {
                guard case .datagram(let range, let receivedAt) = entries[index] else { continue }
                if let newest = following.max(), newest < receivedAt - StampedQueue.lateNanoseconds {
                    entries[index] = .datagram(bytes: range, receivedAt: newest)
                }
                if let arrived = arrival(bytes[range]) {
                    following[oldest] = arrived
                    oldest = (oldest + 1) % following.count
                }
            }
        }
    }

    /// How many arrivals vouch for the time of what stands before them.
    private static let witnesses = 4
    /// A message that is received so long after it was sent could be taken for another packet's. Where it is less the
    /// reception tells more: it is never before the packet's passage, while an arrival can be.
    private static let lateNanoseconds: Int64 = 200_000_000

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
