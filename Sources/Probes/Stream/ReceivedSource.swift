internal import LinuxSystem
internal import Network
internal import Wire

/// Makes sense of the datagrams of one netlink socket, which `StampedReceiver` takes over.
protocol DatagramReader: AnyObject {
    /// As `ProbeSource` has them.
    var name: String { get }
    var namespaceName: String? { get }
    func learn(_ namespace: Namespace)
    func enclose(_ namespace: Namespace, into intake: Intake) throws
    func layAgain(into intake: Intake) throws -> Bool
    func sample(_ share: SampleShare) throws
    func pauseRuleTrace(_ isPaused: Bool) throws
    func flush()
    func reportLosses(into intake: Intake)
    func close()

    /// The socket.
    var socketDescriptor: Int32 { get }

    /// When the packet arrived that the first message of a datagram tells of, in nanoseconds since 1970; nil where that
    /// is not said.
    func arrival(in datagram: ArraySlice<UInt8>) -> Int64?

    /// Takes a datagram that was received at `receivedAt` (nanoseconds since 1970).
    func take(_ datagram: ArraySlice<UInt8>, receivedAt: Int64, into intake: Intake) -> TakenDatagram

    /// The kernel threw messages away before the next datagram.
    func overrun(into intake: Intake)

    /// A turn ends, in which `count` events were taken.
    func turnEnded(_ count: Int, isDrained: Bool, into intake: Intake)
}

extension DatagramReader {
    var namespaceName: String? { nil }
    func learn(_ namespace: Namespace) {}
    func enclose(_ namespace: Namespace, into intake: Intake) throws {}
    func layAgain(into intake: Intake) throws -> Bool { false }
    func sample(_ share: SampleShare) throws {}
    func pauseRuleTrace(_ isPaused: Bool) throws {}
    func flush() {}
    func arrival(in datagram: ArraySlice<UInt8>) -> Int64? { nil }
    func turnEnded(_ count: Int, isDrained: Bool, into intake: Intake) {}
    func close() {}
}

struct TakenDatagram {
    var events: Int
    /// Everything that happened before was taken, in nanoseconds since 1970; nil where the datagram says nothing of it.
    var readUpTo: Int64?
}

/// A netlink socket as a source: reads what the receiver stamped.
final class ReceivedSource: ProbeSource {
    private let reader: any DatagramReader
    private let receiver: StampedReceiver
    private let queue: StampedQueue
    private var contents = StampedQueue.Contents()
    private var position = 0

    var name: String { reader.name }
    var namespaceName: String? { reader.namespaceName }
    var descriptor: Int32 { queue.descriptor }

    init(_ reader: any DatagramReader, receiver: StampedReceiver) throws {
        self.reader = reader
        self.receiver = receiver
        queue = try receiver.add(reader.socketDescriptor)
    }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        var taken = 0
        var readUpTo: Int64?
        while taken < limit {
            guard position < contents.entries.count || refill() else {
                reader.turnEnded(taken, isDrained: true, into: intake)
                return .drained
            }
            let entry = contents.entries[position]
            position += 1
            switch entry {
            case .datagram(let bytes, let receivedAt):
                let datagram = reader.take(contents.bytes[bytes], receivedAt: receivedAt, into: intake)
                taken += datagram.events
                readUpTo = datagram.readUpTo ?? readUpTo ?? receivedAt
            case .overrun: reader.overrun(into: intake)
            case .failed:
                reader.turnEnded(taken, isDrained: true, into: intake)
                return .ended
            }
        }
        reader.turnEnded(taken, isDrained: false, into: intake)
        queue.signal()
        return .more(readUpTo: readUpTo ?? 0)
    }

    private func refill() -> Bool {
        receiver.release(contents.bytes.count)
        queue.exchange(for: &contents)
        if contents.entries.isEmpty {
            // What is drained is drained down to the socket.
            receiver.sweep(reader.socketDescriptor)
            queue.exchange(for: &contents)
        }
        contents.takeBackLateStamps { reader.arrival(in: $0) }
        position = 0
        return !contents.entries.isEmpty
    }

    func learn(_ namespace: Namespace) { reader.learn(namespace) }
    func enclose(_ namespace: Namespace, into intake: Intake) throws { try reader.enclose(namespace, into: intake) }
    func layAgain(into intake: Intake) throws -> Bool { try reader.layAgain(into: intake) }
    func pauseRuleTrace(_ isPaused: Bool) throws { try reader.pauseRuleTrace(isPaused) }
    func sample(_ share: SampleShare) throws { try reader.sample(share) }
    func flush() { reader.flush() }
    func reportLosses(into intake: Intake) { reader.reportLosses(into: intake) }

    func close() {
        receiver.remove(reader.socketDescriptor)
        receiver.release(contents.bytes.count)
        queue.exchange(for: &contents)
        receiver.release(contents.bytes.count)
        contents.removeAll()
        position = 0
        reader.close()
    }
}
