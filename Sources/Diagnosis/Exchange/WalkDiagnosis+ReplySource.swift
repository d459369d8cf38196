internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A reply by UDP that comes from another address or another port than was asked.
extension WalkDiagnosis {
    /// Nil where it comes from where it was asked for, where whoever asked took it, or where a proper one would fail too.
    mutating func repliedFromElsewhere(_ reply: Walk, _ reading: WalkReading) -> [Finding]? {
        let back = WalkReading(walk: reply, topology: topology)
        guard reply.kind.ipProtocol == .udp, let last = reading.last, let arrived = reading.packet(at: last),
            arrived.ipProtocol == .udp, let start = back.sightings.first, let given = back.packet(at: start),
            given.destination == arrived.source, given.destinationPort == arrived.sourcePort,
            (given.source == arrived.destination) != (given.sourcePort == arrived.destinationPort),
            // First seen where it was translated back already.
            !reading.sightings.contains(where: {
                $0.packet.destination == given.source && $0.packet.destinationPort == given.sourcePort
            })
        else { return nil }
        let isLocal = start.isOnWayOut || start.vantage == .socket
        guard let effect = effect(of: reply, back, given, reading) else { return nil }
        let proper = properStop(arrived, from: start, isLocal, reading)
        // What ended this one would have ended a proper one as well.
        if effect.stop != nil, proper != nil { return nil }
        var stop = effect.stop
        stop?.severity = .warning
        let mismatch = SourceMismatch(
            arrived: arrived, reply: given,
            server: isLocal ? "the server in \(start.namespace)" : "the server beyond \(start.namespace)",
            place: isLocal ? start.namespace : effect.place, effect: effect.words,
            facts: [.seen("the reply is \(reply.summary), from \(given.source)")] + effect.facts, rule: stop?.rule)
        let cause =
            mismatch.isPort
            ? HelperMissing().candidate(mismatch, passages: reading.stays())
                ?? ReplySourceMismatch().candidate(mismatch) : ReplySourceMismatch().candidate(mismatch)
        return finding(of: cause, reading) + [proper.map(alsoBlocking)].compactMap(\.self)
    }

    private func alsoBlocking(_ candidate: Candidate) -> Finding {
        var finding = candidate.finding
        finding.severity = .warning
        finding.message = "would also block: \(finding.message)"
        return finding
    }

    private struct Effect {
        var words: String
        /// Who does not take it.
        var place: String
        var stop: Finding?
        var facts: [Fact] = []
    }

    /// What became of the reply; nil where whoever asked got it.
    private func effect(
        of reply: Walk, _ back: WalkReading, _ given: PacketState, _ request: WalkReading
    ) -> Effect? {
        guard let end = back.last, let asker = request.sightings.first?.namespace else { return nil }
        if reply.hasStopped {
            // Its own flow makes it no reply.
            var stray = reply
            stray.answers = nil
            let back = WalkReading(walk: stray, topology: topology)
            var diagnosis = WalkDiagnosis(walk: stray, reply: nil, context: context.about(stray))
            guard let stop = diagnosis.stopped(back, request: nil).first, stop.severity == .error, let rule = stop.rule,
                let place = stop.where.namespace
            else { return nil }
            return Effect(
                words:
                    "conntrack of \(place) takes that for a connection of its own, not for a reply, and \(rule.name)\(rule.position == nil && rule.text == nil ? " (its policy)" : "") drops it",
                place: place, stop: stop, facts: stop.evidence)
        }
        if end.namespace != asker, request.stays().contains(where: { $0.namespace.name == end.namespace }) {
            return Effect(
                words:
                    "conntrack of \(end.namespace) does not take that for a reply, so it is not translated back to \(request.walk.source), and \(end.namespace) takes it for its own",
                place: end.namespace)
        }
        // Whose protocol replies from another port takes it from any; a probe's socket does not.
        guard end.namespace == asker, context.isReplyRefused,
            given.sourcePort == request.last?.packet.destinationPort
        else { return nil }
        return Effect(
            words: "\(asker) has no socket that takes that, and refuses it", place: asker,
            facts: [.seen("\(asker) refuses the reply by an ICMP error (port unreachable)")])
    }

    /// The rule that would stop a reply from where it was asked for as well; nil where none would.
    private func properStop(
        _ arrived: PacketState, from start: Hop, _ isLocal: Bool, _ reading: WalkReading
    ) -> Candidate? {
        var answer = arrived.answer
        answer.macSource = nil
        answer.macDestination = nil
        let origin: PathStart? =
            isLocal
            ? .send(namespace: start.namespace)
            : start.device.map { .received(namespace: start.namespace, device: $0) }
        guard let origin else { return nil }
        let path = PathFindings(ForwardPath(of: answer, from: origin, inputs(reading, isReply: true)))
        return path.candidates.first { $0.isCertain && $0.finding.rule != nil }
    }
}
