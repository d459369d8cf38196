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
        /// Of what nobody answers, in either network, and whose arrival counts: who takes it in in one of them alone.
        public var receivers: [String] = []
        public var isOneWay: Bool { !receivers.isEmpty }

        public var description: String {
            "\(from) → \(destinations.joined(separator: ", ")) \(service)"
                + (isOneWay ? " (at \(receivers.joined(separator: ", ")))" : "")
        }
    }

    /// Answered only after the change; what nobody answers, taken in only then.
    public var opens: [Flow]
    /// Answered, or taken in, only before it.
    public var closes: [Flow]
    /// How many kinds of packet were sent.
    public var tried: Int

    public var isNone: Bool { opens.isEmpty && closes.isEmpty }

    /// Sends the packets through both networks, a fresh twin each, side by side. Throws `TrialError`.
    public static func between(
        _ before: any PacketTrials, _ after: any PacketTrials, changes: [TrialChange] = [], packets: [TrialPacket],
        waitMilliseconds: Int = 600
    ) throws(TrialError) -> NetworkComparison {
        let options = TrialOptions(waitMilliseconds: waitMilliseconds, watchesArrivals: true)
        let other = Mutex<Result<TrialAnswers, TrialError>?>(nil)
        let second: @Sendable () -> Void = {
            let result = Result { () throws(TrialError) in try after.send(packets, changes: changes, options: options) }
            other.withLock { $0 = result }
        }
        let thread = try? WorkerThread(second)
        let first = Result { () throws(TrialError) in try before.send(packets, changes: [], options: options) }
        if let thread { thread.join() } else { second() }
        let one = try first.get()
        guard let result = other.withLock({ $0 }) else { throw TrialError(.broken, "the second trial gave no result") }
        return NetworkComparison(packets, one, try result.get())
    }

    init(_ packets: [TrialPacket], _ before: TrialAnswers, _ after: TrialAnswers) {
        var opened: [(TrialPacket, receivers: [String])] = []
        var closed: [(TrialPacket, receivers: [String])] = []
        for (index, packet) in packets.enumerated() {
            let (one, other) = (before.answers[index].isAnswered, after.answers[index].isAnswered)
            if other, !one { opened.append((packet, [])) }
            if one, !other { closed.append((packet, [])) }
            if one || other { continue }
            // What goes to many may come to more of them, or to fewer. A sender's own copy is no arrival.
            let (was, now) = (before.places(of: index, packet), after.places(of: index, packet))
            if !now.isSubset(of: was) { opened.append((packet, now.subtracting(was).sorted())) }
            if !was.isSubset(of: now) { closed.append((packet, was.subtracting(now).sorted())) }
        }
        opens = Self.folded(opened)
        closes = Self.folded(closed)
        tried = packets.count
    }

    /// One flow for each sender and service, with all its destinations.
    private static func folded(_ packets: [(TrialPacket, receivers: [String])]) -> [Flow] {
        var flows: [Flow] = []
        for (packet, receivers) in packets {
            let service =
                switch packet.request.kind {
                case .echo: "ping"
                case .tcp(let port): "tcp \(port)"
                case .udp(let port): "udp \(port)"
                }
            let address = "\(packet.request.destination)"
            let same = flows.firstIndex {
                $0.from == packet.from && $0.service == service && $0.receivers == receivers
            }
            if let same {
                flows[same].destinations.append(address)
            } else {
                flows.append(
                    Flow(from: packet.from, destinations: [address], service: service, receivers: receivers))
            }
        }
        return flows
    }
}

extension TrialAnswers {
    /// Who took the packet in; nobody where that was not watched.
    fileprivate func places(of index: Int, _ packet: TrialPacket) -> Set<String> {
        Set(arrivals?[index].places ?? []).subtracting([packet.from])
    }
}
