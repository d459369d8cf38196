internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// What a device's queueing discipline does to packets: queue-full, burst-exceeded, queue-delay.
extension Projection {
    /// Drop reasons of queueing disciplines (include/net/dropreason-core.h).
    static let queueReasons: Set = [
        "QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_CONGESTED", "CAKE_FLOOD", "FQ_BAND_LIMIT", "FQ_HORIZON_LIMIT",
        "FQ_FLOW_LIMIT",
    ]
    /// Bytes of an Ethernet header, which the discipline counts too.
    private static let ethernetHeader: UInt32 = 14

    /// Asks the queue by which the packet leaves `link`.
    mutating func checkQueue(_ link: Link, _ namespace: Namespace, _ packet: PacketState) {
        guard let queue = link.queue else { return }
        let frame = packet.length + (link.mac == nil ? 0 : Self.ethernetHeader)
        let name = "the queue (\(link.queueing ?? "qdisc")) of \(link.name) in \(namespace.name)"
        // A TCP packet longer than the MTU is cut first.
        let isWhole = packet.ipProtocol != .tcp || packet.length <= link.mtu
        if let burst = queue.burst, packet.length > 0, isWhole, frame > burst {
            add(burstExceeded(link, namespace, queue, name, frame: frame, burst: burst))
            return
        }
        let dropped = drops(link, namespace, queue)
        let state = Fact.state(
            "\(name) (\(queue.handle)) holds \(count(queue.backlogPackets, "packet")), \(queue.backlogBytes) bytes\(room(queue))"
        )
        let isFull =
            queue.limitBytes.map { queue.backlogBytes + frame > $0 }
            ?? queue.limitPackets.map { queue.backlogPackets >= $0 } ?? false
        let isKnown = !Self.queueReasons.isDisjoint(with: context.drops.map(\.reason))
        if isKnown || dropped > 0 || isFull && packet.length > 0 {
            let words =
                dropped > 0 ? "; it dropped \(count(dropped, "packet")) meanwhile" : ""
            add(
                Candidate(
                    finding: Finding(
                        code: "queue-full", severity: .error,
                        where: Finding.Place(namespace: namespace.name, device: link.name),
                        message:
                            "\(name) \(isFull ? "is full" : "drops packets")\(words): more is sent to it than it lets out; send less at once, or give it more rate or room",
                        evidence: [state]),
                    // With room left, or packets that still wait, it may be another's that was dropped.
                    isCertain: isKnown || isFull && dropped > 0, reasons: Self.queueReasons))
        } else if queue.backlogPackets > 0 {
            guard let words = waitingWords(name) else { return }
            add(
                Candidate(
                    finding: Finding(
                        code: "queue-delay", severity: .warning,
                        where: Finding.Place(namespace: namespace.name, device: link.name),
                        message:
                            "\(words), which holds \(count(queue.backlogPackets, "packet")), \(queue.backlogBytes) bytes\(delay(queue))",
                        evidence: [state]),
                    isCertain: false))
        } else {
            check(false, "\(name) holds nothing and dropped nothing meanwhile")
        }
    }

    /// What waits in a queue that holds packets; nil where this packet can't, nor keep back its sender.
    private func waitingWords(_ name: String) -> String? {
        guard context.drops.isEmpty else { return nil }
        guard let failure = context.sendFailures.last else { return "the packet probably waits in \(name)" }
        // ENOBUFS, EAGAIN: no room in the socket's own send buffer (socket(7), SO_SNDBUF).
        guard [105, 11].contains(failure.errorNumber) else { return nil }
        return "the socket has no room for another packet while its earlier ones probably wait in \(name)"
    }

    /// What it dropped since the run began.
    private func drops(_ link: Link, _ namespace: Namespace, _ queue: Link.Queue) -> UInt32 {
        guard let before = context.before else { return 0 }
        let earlier = before[namespace: namespace.name]?[device: link.name]?.queue
        return earlier?.handle == queue.handle ? queue.drops &- (earlier?.drops ?? 0) : queue.drops
    }

    private func burstExceeded(
        _ link: Link, _ namespace: Namespace, _ queue: Link.Queue, _ name: String, frame: UInt32, burst: UInt32
    ) -> Candidate {
        var actions: [RemedyAction] = []
        if let rate = queue.rate, let limit = queue.limitBytes {
            // Of what is sent by this device nothing is longer than that.
            let needed = max(frame, link.mtu + Self.ethernetHeader)
            actions = [
                .run(
                    namespace,
                    "tc qdisc change dev \(link.name) root handle \(queue.handle) tbf rate \(rate * 8)bit burst \(needed) limit \(max(limit, needed))"
                )
            ]
        }
        return Candidate(
            finding: Finding(
                code: "burst-exceeded", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: link.name),
                message:
                    "the packet of \(frame) bytes with its Ethernet header is longer than the burst of \(name), \(burst) bytes: it never passes, shorter packets do",
                evidence: [.state("\(name) (\(queue.handle)): burst \(burst) bytes"), .seen("\(frame) bytes")],
                remedy: Remedy(ifAny: actions)),
            isCertain: true, reasons: Self.queueReasons)
    }

    private func count(_ number: UInt32, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private func room(_ queue: Link.Queue) -> String {
        if let limit = queue.limitBytes { return " of at most \(limit)" }
        if let limit = queue.limitPackets { return ", of at most \(count(limit, "packet"))" }
        return ""
    }

    private func delay(_ queue: Link.Queue) -> String {
        guard let rate = queue.rate, rate > 0 else { return "" }
        let seconds = Double(queue.backlogBytes) / Double(rate)
        return ": \(Int(min(seconds, 1e9).rounded(.up))) s at its rate of \(rate * 8) bit/s"
    }
}
