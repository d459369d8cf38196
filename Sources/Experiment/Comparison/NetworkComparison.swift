internal import LinuxSystem
internal import Probes
internal import Synchronization
internal import Wire

/// Which packets fare differently in one network than in another.
public struct NetworkComparison: Sendable {
    /// One kind of packet, told by its senders, its receivers and its port.
    public struct Flow: Sendable, Hashable, CustomStringConvertible {
        public var from: String
        /// A namespace's address, or several that fare alike.
        public var destinations: [String]
        /// `tcp 80`, `udp 53`, `ping`.
        public var service: String

        public var description: String { "\(from) → \(destinations.joined(separator: ", ")) \(service)" }
    }

    /// Answered only after the change.
    public var opens: [Flow]
    /// Answered only before it.
    public var closes: [Flow]
    /// How many kinds of packet were sent.
    public var tried: Int

    public var isNone: Bool { opens.isEmpty && closes.isEmpty }

    /// Sends the packets through both networks, a fresh twin each, side by side. Throws `TrialError`.
    public static func between(
        _ before: any PacketTrials, _ after: any PacketTrials, changes: [TrialChange] = [], packets: [TrialPacket],
        waitMilliseconds: Int = 600
    ) throws(TrialError) -> NetworkComparison {
        let options = TrialOptions(waitMilliseconds: waitMilliseconds)
        let other = Mutex<Result<TrialAnswers, TrialError>?>(nil)
        let second: @Sendable () -> Void = {
            let result = Result { () throws(TrialError) in try after.send(packets, changes: changes, options: options) }
            other.withLock { $0 = result }
        }
        let thread = try? WorkerThread(second)
        let first = Result { () throws(TrialError) in try before.send(packets, changes: [], options: options) }
        if let thread { thread.join() } else { second() }
        let one = try first.get().answers
        guard let result = other.withLock({ $0 }) else { throw TrialError(.broken, "the second trial gave no result") }
        return NetworkComparison(packets, one, try result.get().answers)
    }

    init(_ packets: [TrialPacket], _ before: [TrialAnswer], _ after: [TrialAnswer]) {
        var opened: [TrialPacket] = []
        var closed: [TrialPacket] = []
        for (packet, (one, other)) in zip(packets, zip(before, after)) where one.isAnswered != other.isAnswered {
            if other.isAnswered { opened.append(packet) } else { closed.append(packet) }
        }
        opens = Self.folded(opened)
        closes = Self.folded(closed)
        tried = packets.count
    }

    /// One flow for each sender and service, with all its destinations.
    private static func folded(_ packets: [TrialPacket]) -> [Flow] {
        var flows: [Flow] = []
        for packet in packets {
            let service =
                switch packet.request.kind {
                case .echo: "ping"
                case .tcp(let port): "tcp \(port)"
                case .udp(let port): "udp \(port)"
                }
            let address = "\(packet.request.destination)"
            if let index = flows.firstIndex(where: { $0.from == packet.from && $0.service == service }) {
                flows[index].destinations.append(address)
            } else {
                flows.append(Flow(from: packet.from, destinations: [address], service: service))
            }
        }
        return flows
    }
}
