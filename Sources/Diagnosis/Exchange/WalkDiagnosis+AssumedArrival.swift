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
        guard var reply = exchange.reply, reply.outcome == .delivered,
            let entry = WalkReading(walk: reply, topology: context.topology).assumedArrival,
            entry.namespace == exchange.request.hops.first?.namespace
        else { return nil }
        reply.end(at: entry)
        var result = Exchange(request: exchange.request, reply: reply)
        // Why the asker does not recognise it may be known already.
        if result.request.findings.isEmpty {
            result.request = findings(for: exchange.request, reply: reply, context: context).walk
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
