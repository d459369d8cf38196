internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Whether a reply takes another path than its request came, and is lost on it.
extension WalkDiagnosis {
    private typealias Turn = ReplyRoutedElsewhere.Turn

    /// A reply that was seen to leave by another device: to where nobody can see, or to where it stopped.
    ///
    /// - Parameter stop: the cause that its own path gives, where it stopped.
    func repliedElsewhere(_ reply: Walk, _ request: WalkReading, stop: Finding? = nil) -> Candidate? {
        let back = WalkReading(walk: reply, topology: topology)
        guard let turn = turn(of: back, request) else { return nil }
        let end = reply.stoppedAt.flatMap(\.namespace) ?? stop?.where.namespace ?? back.last?.namespace
        let isPast = back.sightings.contains { hop in
            hop.vantage == .link && hop.direction == .out && hop.namespace == turn.namespace.name
                && outDevice(hop, turn.namespace) == turn.replyDevice
        }
        guard reply.hasStopped else { return candidate(turn, request, end: unseenEnd(turn), facts: [], isSeen: false) }
        guard isPast else {
            // It waits for the next hop of the wrong path, which does not answer.
            guard let stop, stop.rule == nil, stop.where.namespace != request.sightings.first?.namespace else {
                return nil
            }
            // A next hop that can't be seen may check the path back to whoever asks for its address (arp_process).
            let isUnseen =
                stop.severity == .warning
                && Catalogue.obstacle(stop.code)?.reasons.contains("NEIGH_FAILED") == true
                && stop.where.device == turn.replyDevice
            guard isUnseen || stop.severity == .error && stop.where.namespace != turn.namespace.name else { return nil }
            return candidate(
                turn, request, end: "on that path: \(stop.message)", facts: [], isSeen: !isUnseen && isComplete)
        }
        let report = KernelReport(reply, context)
        let place = end.map { " in \($0)" } ?? ""
        let reason = report.fact.map { " (\($0.text))" } ?? ""
        // The asker itself drops what comes in by the wrong device: that is its own setting's affair.
        if let stop, stop.where.namespace == request.sightings.first?.namespace { return nil }
        let facts = [report.fact].compactMap(\.self) + (stop.map { [.state("there: \($0.message)")] } ?? [])
        return candidate(
            turn, request, end: "it was dropped\(place)\(reason)", facts: facts, isSeen: isComplete)
    }

    /// A reply that nobody saw, whose path as configured turns off.
    func wouldReplyElsewhere(_ back: PathFindings, _ request: WalkReading) -> Candidate? {
        for router in back.path.routers {
            guard let namespace = topology[namespace: router.namespace], let device = router.choice.device,
                let came = requestDevice(in: namespace, request), came != device,
                isOfTheAsked(namespace, request), namespace[device: device]?.kind != .loopback
            else { continue }
            let turn = Turn(
                namespace: namespace, requestDevice: came, replyDevice: device, inDevice: router.inDevice,
                packet: router.packet, source: asked(in: namespace, request) ?? router.packet.source,
                choice: router.choice)
            let blocking = back.candidates.first(where: \.isCertain)
            let end = blocking.map { "on that path: \($0.finding.message)" } ?? unseenEnd(turn)
            return candidate(turn, request, end: end, facts: [], isSeen: false)
        }
        return nil
    }

    private func unseenEnd(_ turn: Turn) -> String {
        "no reply reached the sender: a router beyond \(turn.replyDevice) may drop it for its source \(turn.source), or a firewall that has not seen the request"
    }

    private func candidate(
        _ turn: Turn, _ request: WalkReading, end: String, facts: [Fact], isSeen: Bool
    ) -> Candidate? {
        let surroundings = Surroundings(PathInputs(context), origin: turn.packet)
        let route = ReplyRoute(turn, surroundings)
        return ReplyRoutedElsewhere().candidate(
            turn, route, end: end, facts: facts, isCertain: isSeen && route.map { isFree($0, turn, request) } == true)
    }

    /// Whether the reply would arrive by the path that the request came by.
    private func isFree(_ route: ReplyRoute, _ turn: Turn, _ request: WalkReading) -> Bool {
        guard let sender = request.sightings.first?.namespace else { return false }
        var inputs = inputs(request, isReply: true)
        inputs.overrides[turn.namespace.name] = route.choice
        let start: PathStart =
            turn.inDevice.map {
                .hook(
                    namespace: turn.namespace.name, hook: .prerouting, priority: .min, inDevice: $0, outDevice: nil)
            } ?? .send(namespace: turn.namespace.name)
        let path = PathFindings(ForwardPath(of: turn.packet, from: start, inputs))
        return path.path.end == .delivered(namespace: sender) && !path.candidates.contains(where: \.isCertain)
    }

    // MARK: Where it turns

    private func turn(of back: WalkReading, _ request: WalkReading) -> Turn? {
        var seen: Set<String> = []
        for entry in back.sightings where seen.insert(entry.namespace).inserted {
            guard let namespace = topology[namespace: entry.namespace], isOfTheAsked(namespace, request),
                let came = requestDevice(in: namespace, request),
                let out = back.sightings.lazy.filter({ $0.namespace == namespace.name })
                    .compactMap({ outDevice($0, namespace) }).first,
                out != came, var packet = back.packet(at: entry)
            else { continue }
            let last = back.sightings.last { $0.namespace == namespace.name } ?? entry
            let inDevice = back.inDevice(at: last)
            let inputs = inputs(request, isReply: true)
            if inDevice != nil { packet = inputs.destinationRestored(packet, namespace) }
            packet.macSource = nil
            packet.macDestination = nil
            var choice = inputs.route(packet, namespace, inDevice: inDevice)
            // Rules may have marked it, so that another table was asked.
            if choice.device != out { choice = RouteChoice(kind: .unicast, device: out) }
            return Turn(
                namespace: namespace, requestDevice: came, replyDevice: out, inDevice: inDevice, packet: packet,
                source: asked(in: namespace, request) ?? packet.source, choice: choice)
        }
        return nil
    }

    /// The device by which a packet leaves a namespace at one of its sightings; nil where it does not tell.
    private func outDevice(_ hop: Hop, _ namespace: Namespace) -> String? {
        guard let device = hop.device, let link = namespace[device: device], link.kind != .loopback else { return nil }
        let isOut = hop.vantage == .link ? hop.direction == .out : hop.hook == .postrouting
        guard isOut else { return nil }
        return link.master.flatMap { namespace[device: $0]?.kind == .bridge ? $0 : nil } ?? device
    }

    private func requestDevice(in namespace: Namespace, _ request: WalkReading) -> String? {
        request.sightings.last { $0.namespace == namespace.name }.flatMap { request.inDevice(at: $0) }
    }

    /// The address of the request's destination as the packet came into a namespace.
    private func asked(in namespace: Namespace, _ request: WalkReading) -> IPAddress? {
        request.sightings.first { $0.namespace == namespace.name }?.packet.destination
    }

    /// Whether the request was for this namespace, or for what it translates: a mere router may well see one direction
    /// only.
    private func isOfTheAsked(_ namespace: Namespace, _ request: WalkReading) -> Bool {
        let sightings = request.sightings.filter { $0.namespace == namespace.name }
        guard let first = sightings.first, let last = sightings.last, first.direction == .in || first.vantage != .link
        else { return false }
        return namespace.holds(first.packet.destination) || namespace.holds(last.packet.destination)
    }
}
