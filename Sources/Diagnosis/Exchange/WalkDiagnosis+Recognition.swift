internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Whether conntrack took a reply for one where the request had passed.
extension WalkDiagnosis {
    /// Why a reply that was seen was not translated back, or was dropped as no reply, in a namespace whose rules keep
    /// conntrack from recognising it; nil where it was not for that.
    ///
    /// - Parameter stop: the cause that its own path gives, where it stopped.
    func unrecognised(_ reply: Walk, _ request: WalkReading, stop: Finding? = nil) -> Candidate? {
        let back = WalkReading(walk: reply, topology: topology)
        let inputs = inputs(request, isReply: true)
        let asked = request.stays()
        guard !inputs.requestEntries.isEmpty, let sender = asked.first?.namespace.name else { return nil }
        for stay in back.stays() {
            let found = inputs.unrecognised(
                stay.entry, stay.namespace, inDevice: stay.inDevice, port: stay.inPort, outDevice: stay.outDevice)
            guard let found, let passage = asked.last(where: { $0.namespace.name == stay.namespace.name }) else {
                continue
            }
            let isEnd = back.last?.namespace == stay.namespace.name
            // Without hooks it is seen to be dropped there, for want of a socket.
            let isTaken = stop.map { $0.rule == nil && $0.severity != .error } ?? reply.cameToReceiver
            if isEnd, isTaken, stay.namespace.name != sender, passage.exit.source != passage.entry.source,
                stay.exit.destination == passage.exit.source
            {
                return found.candidate(.taken(asker: passage.entry.source))
            }
            if passage.exit.destination != passage.entry.destination, stay.outDevice != nil,
                stay.entry.source == passage.exit.destination, stay.exit.source == stay.entry.source
            {
                return found.candidate(.sourceKept(asked: passage.entry.destination))
            }
            if isEnd, let stop, stop.where.namespace == stay.namespace.name, stop.rule != nil,
                passes(stop, back, inputs)
            {
                return found.candidate(.dropped(stop))
            }
        }
        return nil
    }

    /// The finding for a reply that came to the router that had translated the request and went no further; empty for any
    /// other.
    func takenByTranslator(_ reply: Walk, _ request: WalkReading) -> [Finding] {
        if let found = unrecognised(reply, request) { return finding(of: found, request) }
        if let found = forgottenReply(reply, request) { return finding(of: found, request) }
        let stays = request.stays()
        guard Exchange(request: request.walk, reply: reply).isReplyAstray,
            let end = WalkReading(walk: reply, topology: topology).last, let sender = stays.first?.namespace.name,
            stays.contains(where: {
                $0.namespace.name == end.namespace && $0.entry.source != $0.exit.source
                    && $0.exit.source == end.packet.destination
            })
        else { return [] }
        return [NoAnswer().taken(by: end.namespace, reply, asker: sender)]
    }

    /// A reply that came to the router that had translated the request, after its entry had gone.
    private func forgottenReply(_ reply: Walk, _ request: WalkReading) -> Candidate? {
        let back = WalkReading(walk: reply, topology: topology)
        guard let end = back.last, let namespace = topology[namespace: end.namespace],
            end.namespace != request.sightings.first?.namespace, let arrived = back.packet(at: end)
        else { return nil }
        return forgottenConnection(arrived, in: namespace, of: reply, isRefused: false)
    }

    /// Why a reply that nobody saw would not be recognised on its path as configured: to be asked where it matters.
    func wouldBeUnrecognised(_ back: PathFindings, _ request: WalkReading) -> Candidate? {
        for found in back.path.unrecognised {
            guard let passage = request.stays().last(where: { $0.namespace.name == found.namespace.name }) else {
                continue
            }
            var candidate: Candidate?
            if back.path.end == .delivered(namespace: found.namespace.name),
                passage.exit.source != passage.entry.source, found.reply.packet.destination == passage.exit.source
            {
                candidate = found.candidate(.taken(asker: passage.entry.source))
            } else if passage.exit.destination != passage.entry.destination,
                found.reply.packet.source == passage.exit.destination
            {
                candidate = found.candidate(.sourceKept(asked: passage.entry.destination))
            } else if let stop = back.candidates.first(where: \.isCertain)?.finding, stop.rule != nil,
                stop.where.namespace == found.namespace.name
            {
                candidate = found.candidate(.dropped(stop))
            }
            guard var candidate else { continue }
            candidate.isCertain = false
            return candidate
        }
        return nil
    }

    /// Whether the rule that ended the reply would let it pass, were it recognised.
    private func passes(_ stop: Finding, _ back: WalkReading, _ inputs: PathInputs) -> Bool {
        var inputs = inputs
        inputs.requestEntries = [:]
        guard let entry = back.sightings.first(where: { $0.namespace == stop.where.namespace }),
            let device = entry.device, var packet = back.packet(at: entry)
        else { return false }
        packet.isReply = true
        let start: PathStart =
            entry.vantage == .link && entry.direction == .in
            ? .received(namespace: entry.namespace, device: device) : .send(namespace: entry.namespace)
        let path = PathFindings(ForwardPath(of: packet, from: start, inputs))
        return !path.candidates.contains { $0.isCertain && $0.finding.rule == stop.rule }
    }
}
