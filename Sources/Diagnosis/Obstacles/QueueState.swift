internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// What a queueing discipline holds and has dropped, and whether the packet fits it.
struct QueueState: Sendable {
    /// Drop reasons of queueing disciplines (include/net/dropreason-core.h).
    static let dropReasons: Set<DropReason> = [
        "QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_CONGESTED", "CAKE_FLOOD", "FQ_BAND_LIMIT", "FQ_HORIZON_LIMIT",
        "FQ_FLOW_LIMIT",
    ]
    /// Bytes of an Ethernet header, which the discipline counts too.
    static let ethernetHeader: UInt32 = 14

    let queue: Link.Queue
    /// `the queue (tbf) of eth0 in host`.
    let name: String
    let place: Finding.Place
    /// Bytes of the packet as the discipline counts them.
    let frame: UInt32
    /// Packets that it dropped since the run began.
    let dropped: UInt32
    /// Whether the kernel says that a queue dropped this very packet.
    let isReported: Bool
    let isFull: Bool
    /// The greatest frame that it lets out at once, where this one exceeds it.
    let exceededBurst: UInt32?
    /// `; the ARP request for 203.0.113.1 leaves by it`, where that is what it must let out; else empty.
    let askedWords: String

    init?(_ step: QueueStep, _ context: DiagnosisContext) {
        guard let queue = step.link.queue else { return nil }
        let (link, namespace, packet) = (step.link, step.namespace, step.packet)
        self.queue = queue
        name = "the queue (\(link.queueing ?? "qdisc")) of \(link.name) in \(namespace.name)"
        place = Finding.Place(namespace: namespace.name, device: link.name)
        frame = packet.length + (link.mac == nil ? 0 : Self.ethernetHeader)
        let earlier = context.before?[namespace: namespace.name]?[device: link.name]?.queue
        if context.before == nil {
            dropped = 0
        } else {
            dropped = earlier?.handle == queue.handle ? queue.drops &- (earlier?.drops ?? 0) : queue.drops
        }
        let protocolName = packet.isARP ? "ARP request" : "neighbour solicitation"
        askedWords = step.asked.map { "; the \(protocolName) for \($0) leaves by it" } ?? ""
        isReported = step.asked == nil && !Self.dropReasons.isDisjoint(with: context.drops.map(\.reason))
        let frame = frame
        isFull =
            queue.limitBytes.map { queue.backlogBytes + frame > $0 }
            ?? queue.limitPackets.map { queue.backlogPackets >= $0 } ?? false
        // A TCP packet longer than the MTU is cut first.
        let isWhole = packet.ipProtocol != .tcp || packet.length <= link.mtu
        exceededBurst = queue.burst.flatMap { packet.length > 0 && isWhole && frame > $0 ? $0 : nil }
    }

    /// Whether it dropped the packet, or may have.
    func mayHaveDropped(_ packet: PacketState) -> Bool {
        isReported || dropped > 0 || isFull && packet.length > 0
    }

    /// `3 packets, 2000 bytes`.
    var backlog: String { "\(Self.count(queue.backlogPackets, "packet")), \(queue.backlogBytes) bytes" }

    var fact: Fact { .state("\(name) (\(queue.handle)) holds \(backlog)\(room)") }

    private var room: String {
        if let limit = queue.limitBytes { return " of at most \(limit)" }
        if let limit = queue.limitPackets { return ", of at most \(Self.count(limit, "packet"))" }
        return ""
    }

    static func count(_ number: UInt32, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}

extension [Judgement] {
    /// Of a queue that must let out the question for a next hop: what it stops then is neighbour discovery.
    func concerning(_ step: QueueStep) -> [Judgement] {
        guard step.asked != nil else { return self }
        return map { judgement in
            if case .candidate(let candidate) = judgement {
                .candidate(candidate.with(.stopsNeighbourDiscovery))
            } else {
                judgement
            }
        }
    }
}
