internal import Ruleset
internal import Network
internal import Observations
public import WalkModel
internal import Wire

/// A packet that came in by a device of its receiver, where no hook is watched: the rules behind the device may have dropped
/// it, or sent it on.
extension WalkDiagnosis {
    /// The findings of a packet that came to its receiver: to its socket, or to the device alone.
    mutating func arrived(_ reading: WalkReading, _ packet: PacketState) -> [Finding] {
        if walk.answers != nil { return forgottenAnswer(reading) }
        guard let entry = reading.unwatchedArrival else { return delivered(reading, packet) }
        if isTracked(reading, entry) {
            walk.confirmDelivery()
            return delivered(WalkReading(walk: walk, topology: topology), packet)
        }
        return stoppedUnseen(reading, entry) ?? rejectedUnseen(reading, entry) ?? delivered(reading, packet)
    }

    /// What conntrack tells later than that is of another packet of the flow, such as one that was sent again.
    private static let confirmationNanoseconds: Int64 = 100_000_000

    /// Whether conntrack of the receiver made an entry for the packet: it does so once all rules of input have let the
    /// packet pass (`nf_confirm`).
    private func isTracked(_ reading: WalkReading, _ entry: Hop) -> Bool {
        guard let packet = reading.packet(at: entry) else { return false }
        return context.flows.contains { flow in
            flow.change == .new && flow.namespace == entry.namespace
                && (walk.startNanoseconds...walk.endNanoseconds &+ Self.confirmationNanoseconds).contains(
                    flow.timeNanoseconds)
                && flow.original.covers(packet) && flow.reply == flow.original.reversed
        }
    }

    /// The path from the device by which it came in.
    private func onward(from entry: Hop, _ reading: WalkReading) -> ForwardPath? {
        guard let packet = reading.packet(at: entry), let start = reading.start(at: entry) else { return nil }
        return ForwardPath(of: packet, from: start, origin: reading.packet(), inputs(reading))
    }

    /// The socket that the packet comes to by the rules behind the device by which it came in, which may translate its
    /// destination; nil where it was seen past them.
    func unwatchedSocket(_ reading: WalkReading) -> SocketStep? {
        guard let entry = reading.unwatchedArrival, let path = onward(from: entry, reading),
            case .socket(let socket)? = path.steps.last(where: { $0.kind == .socket }),
            socket.namespace.name == entry.namespace
        else { return nil }
        return socket
    }

    /// The findings where the configuration says that it was not taken; nil where it may have been.
    private mutating func stoppedUnseen(_ reading: WalkReading, _ entry: Hop) -> [Finding]? {
        guard context.awaitedAnswer, let path = onward(from: entry, reading),
            // A connection that is known from before goes by its own translation.
            UnmetTranslation.first(on: reading, flows: context.flows) == nil,
            isHeld(path, in: entry.namespace)
        else { return nil }
        walk.end(at: entry)
        let shorter = WalkReading(walk: walk, topology: topology)
        return diverted(stopped(shorter, request: nil), shorter)
    }

    /// The rule that may have refused the packet as it was refused, with a RST or with an ICMP error, where what it asks
    /// can't be told: the receiver itself may have refused it as well. Nil where there is none.
    private mutating func rejectedUnseen(_ reading: WalkReading, _ entry: Hop) -> [Finding]? {
        guard let reply, let path = onward(from: entry, reading) else { return nil }
        let isReset = reply.kind.tcpFlags?.contains(.rst) == true
        guard isReset || reply.isICMPError else { return nil }
        let rules = path.steps.flatMap { $0.rejections(withReset: isReset) }
        let found = PathFindings(path).candidates.first { candidate in
            candidate.finding.where.namespace == entry.namespace
                && candidate.finding.rule.map { rule in rules.contains { $0.isSame(as: rule) } } ?? false
        }
        guard var found else { return nil }
        found.isCertain = false
        walk.outcome = .rejected
        return diverted(finding(of: found, reading, fact: .seen("the reply is \(reply.summary)")), reading)
    }

    /// A rule behind the device that drops the packet if what can't be told of it is so; nil where there is none, and
    /// where it is known to have passed.
    func possibleDrop(_ onward: PathFindings) -> Candidate? {
        guard walk.isAtReceiver, let namespace = walk.hops.last?.namespace else { return nil }
        return onward.candidates.first {
            !$0.isCertain && $0.finding.rule != nil && $0.finding.where.namespace == namespace
                && $0.traits.isDisjoint(with: [.rejects, .stopsNeighbourDiscovery])
        }
    }

    /// Whether the asker's own rules stop the reply behind the device by which it was seen to come in.
    func holdsReply(_ reply: WalkReading, at entry: Hop, request: WalkReading) -> Bool {
        guard var packet = reply.packet(at: entry), let start = reply.start(at: entry) else { return false }
        packet.isReply = true
        let path = ForwardPath(of: packet, from: start, origin: reply.packet(), inputs(request, isReply: true))
        return isHeld(path, in: entry.namespace)
    }

    /// Whether a packet can't come to a socket of the namespace that it came into.
    private func isHeld(_ path: ForwardPath, in namespace: String) -> Bool {
        if path.end != .delivered(namespace: namespace) { return true }
        var before = path
        before.steps = Array(path.steps.prefix { $0.kind != .socket })
        return PathFindings(before).candidates.contains {
            $0.isCertain && $0.finding.where.namespace == namespace
        }
    }
}

extension Diagnosis {
    /// The exchange of a packet whose sender waited and got nothing, although a reply was seen to come in by its device:
    /// behind that nothing was watched, and the reply was lost there. Nil where there is no such reply.
    public static func unheard(_ exchange: Exchange, context: DiagnosisContext) -> Exchange? {
        guard let entry = assumedReply(exchange, context) else { return nil }
        return lost(exchange, at: entry, context: context)
    }

    /// The exchange of a packet whose reply was seen to come in by its sender's device, where nothing behind that was
    /// watched and the sender's own rules, as they were read, drop it for certain. Nil where it may have been received.
    static func held(_ exchange: Exchange, context: DiagnosisContext) -> Exchange? {
        guard let reply = exchange.reply, let entry = assumedReply(exchange, context) else { return nil }
        let concerned = context.concerning([exchange.request, reply])
        let request = WalkReading(walk: exchange.request, topology: concerned.topology)
        let diagnosis = WalkDiagnosis(walk: reply, reply: nil, context: concerned)
        let reading = WalkReading(walk: reply, topology: concerned.topology)
        guard diagnosis.holdsReply(reading, at: entry, request: request) else { return nil }
        return lost(exchange, at: entry, context: context)
    }

    /// Where a reply came in that is taken for received by its destination alone.
    private static func assumedReply(_ exchange: Exchange, _ context: DiagnosisContext) -> Hop? {
        guard let reply = exchange.reply,
            let entry = WalkReading(walk: reply, topology: context.topology).unwatchedArrival,
            entry.namespace == exchange.request.hops.first?.namespace
        else { return nil }
        return entry
    }

    private static func lost(_ exchange: Exchange, at entry: Hop, context: DiagnosisContext) -> Exchange {
        var result = exchange
        result.reply?.end(at: entry)
        // Why the asker does not recognise it may be known already.
        if result.request.findings.isEmpty {
            result.request = findings(for: exchange.request, reply: result.reply, context: context).walk
        }
        return result
    }
}

extension Walk {
    /// Loses it where it was last seen.
    fileprivate mutating func end(at entry: Hop) {
        outcome = .lost
        stoppedAt = Stop(namespace: entry.namespace, device: entry.device, vantage: .link)
    }
}

extension PathStep {
    /// The rules of a hook that reject the packet, or may, with a RST or with an ICMP error.
    fileprivate func rejections(withReset isReset: Bool) -> [RuleReference] {
        guard case .hook(let hook) = self else { return [] }
        return ([hook.result.ending].compactMap(\.self) + hook.result.possible).compactMap { ending in
            guard case .reject(let with) = ending.kind, with.contains("reset") == isReset else { return nil }
            return ending.rule
        }
    }
}
