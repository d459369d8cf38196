internal import Ruleset
internal import Network
internal import Observations
public import WalkModel
internal import Wire

/// A packet that came in for an address of the namespace, where no hook is watched: that it was taken there is known from
/// its destination alone, and the rules behind the device may have dropped it, or sent it on.
extension WalkDiagnosis {
    /// The findings where the configuration says that it was not taken; nil where it may have been, and where an answer
    /// shows that it was. A refusal shows nothing: a rule can refuse as well as the destination.
    mutating func stoppedUnseen(_ reading: WalkReading) -> [Finding]? {
        let isAnswered = reply.map { !$0.isICMPError && $0.kind.tcpFlags?.contains(.rst) != true } ?? false
        guard !isAnswered, context.awaitedAnswer, let entry = reading.assumedArrival,
            let packet = reading.packet(at: entry), let start = reading.start(at: entry),
            // A connection that is known from before goes by its own translation.
            UnmetTranslation.first(on: reading, flows: context.flows) == nil
        else { return nil }
        let path = ForwardPath(of: packet, from: start, origin: reading.packet(), inputs(reading))
        guard isHeld(path, in: entry.namespace) else { return nil }
        walk.end(at: entry)
        let shorter = WalkReading(walk: walk, topology: topology)
        return diverted(stopped(shorter, request: nil), shorter)
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
        guard let reply = exchange.reply, reply.outcome == .delivered,
            let entry = WalkReading(walk: reply, topology: context.topology).assumedArrival,
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
    /// Ends it where it was last seen, and not where it was thought to have arrived.
    fileprivate mutating func end(at entry: Hop) {
        outcome = .lost
        hops.removeAll { $0.index > entry.index }
        stoppedAt = Stop(namespace: entry.namespace, device: entry.device, vantage: .link)
    }
}
