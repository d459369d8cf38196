internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// A packet that arrived, and what became of the reply.
extension WalkDiagnosis {
    mutating func delivered(_ reading: WalkReading, _ packet: PacketState) -> [Finding] {
        guard let last = reading.last, let arrived = reading.packet(at: last) else { return [] }
        if let namespace = topology[namespace: last.namespace], isRefused(packet, arrived) {
            walk.outcome = .rejected
            return refused(reading, arrived, last, namespace)
        }
        guard let reply else { return context.awaitedAnswer ? unanswered(reading, packet) : [] }
        if reply.hasStopped { return stoppedReply(reply, reading, packet) }
        guard reply.outcome == .delivered, let sender = reading.sightings.first,
            let end = WalkReading(walk: reply, topology: topology).last
        else { return [] }
        // It came back to somebody else?
        if end.namespace != sender.namespace, reading.sightings.count > 1 {
            return duplicate(reading, at: end.namespace, packet.source)
        }
        // It came back from somebody who was not asked?
        if packet.hasPorts, !reply.isICMPError, end.packet.source != walk.destination {
            let back = pathBack(of: arrived, from: last.namespace, reading)
            if let candidate = bypassedTranslation(reading, arrived, back.path, sender: sender.namespace) {
                return finding(of: candidate, reading, fact: .seen("the reply came from \(end.packet.source)"))
            }
        }
        return []
    }

    /// The path of the reply to a packet that arrived.
    func pathBack(of arrived: PacketState, from namespace: String, _ reading: WalkReading) -> PathFindings {
        var reply = arrived.answer
        reply.macSource = nil
        reply.macDestination = nil
        return PathFindings(
            ForwardPath(of: reply, from: .send(namespace: namespace), inputs(reading, isReply: true)))
    }

    /// A RST, or a port unreachable from the destination itself.
    private func isRefused(_ packet: PacketState, _ arrived: PacketState) -> Bool {
        if packet.ipProtocol == .tcp, reply?.kind.tcpFlags?.contains(.rst) == true { return true }
        return context.icmpErrors.contains { error in
            let isPort = error.source.isIPv4 ? error.type == 3 && error.code == 3 : error.type == 1 && error.code == 4
            return isPort && (error.source == arrived.destination || error.source == packet.destination)
        }
    }

    private func refused(
        _ reading: WalkReading, _ arrived: PacketState, _ last: Hop, _ namespace: Namespace
    ) -> [Finding] {
        let shared = duplicate(reading, at: namespace.name, arrived.destination, refused: arrived)
        if !shared.isEmpty { return shared }
        let socket = SocketStep(
            namespace: namespace, device: reading.inDevice(at: last) ?? "", packet: arrived, isRefused: true)
        let path = ForwardPath(at: .socket(socket), origin: arrived, PathInputs(context))
        guard let candidate = PathFindings(path).candidates.first else { return [] }
        return finding(of: candidate, reading, fact: reply.map { .seen("the reply is \($0.summary)") })
    }

    /// A reply that was seen, and stopped on its path back.
    mutating func stoppedReply(_ reply: Walk, _ reading: WalkReading, _ packet: PacketState) -> [Finding] {
        let back = WalkReading(walk: reply, topology: topology)
        // That there is no path back is better explained from the request's side; but a reply that came back to the
        // router that let the request out has found its path that far, translated or not.
        if reply.outcome != .rejected, reply.destination == walk.source, !hasComeBack(back, to: reading),
            let source = missingTranslation(reading, packet)
        {
            let ordinary = unanswered(reading, packet)
            if let first = ordinary.first, first.code == source.finding.code { return ordinary }
        }
        var diagnosis = WalkDiagnosis(walk: reply, reply: nil, context: context)
        return diagnosis.stopped(back, request: reading)
    }

    /// Whether a reply was seen in the namespace that handed the request over to where it arrived, or to the outside.
    private func hasComeBack(_ reply: WalkReading, to request: WalkReading) -> Bool {
        guard let end = request.sightings.last else { return false }
        let handing = request.sightings.last {
            $0.vantage == .link && $0.direction == .out
                && (request.walk.outcome == .left || $0.namespace != end.namespace)
        }
        return handing.map { reply.namespaces.contains($0.namespace) } ?? false
    }

    /// The finding that `address`, for which namespace `taker` got the packet or its reply, is configured on another too;
    /// empty where it is not.
    ///
    /// - Parameter refused: the packet that the taker refused.
    func duplicate(
        _ reading: WalkReading, at taker: String, _ address: IPAddress, refused: PacketState? = nil
    ) -> [Finding] {
        let inputs = PathInputs(context)
        let surroundings = Surroundings(
            inputs, origin: refused ?? PacketState(source: address, destination: address, ipProtocol: .icmp))
        var holders = surroundings.holders(of: address, beside: taker)
        // A reply that went to another link's holder shows that there are two.
        if holders.count < 2, refused == nil { holders = surroundings.holders(of: address, first: taker) }
        guard holders.count > 1 else { return [] }
        return finding(
            of: DuplicateAddress().shared(address, holders, refused: refused, surroundings), reading,
            fact: refused == nil ? .seen("the reply went to \(taker)") : nil)
    }

    /// A private source that the last router before the end let out untranslated.
    func missingTranslation(_ reading: WalkReading, _ packet: PacketState) -> Candidate? {
        let sightings = reading.sightings
        guard let end = sightings.last else { return nil }
        // The namespace that handed it over: the last one with a way out.
        let handing = sightings.last {
            $0.vantage == .link && $0.direction == .out
                && (reading.walk.outcome == .left || $0.namespace != end.namespace)
        }
        // In a tunnel its source is not what the next network sees.
        guard let handing, handing.packet.encapsulation == nil, let device = handing.device,
            let router = topology[namespace: handing.namespace],
            var seen = reading.packet(at: handing), let inDevice = reading.inDevice(at: handing)
        else { return nil }
        seen.isSourceTranslated = nil
        return SourceTranslation(seen, at: router, inDevice: inDevice, outDevice: device)?.candidate
    }

    /// The destination was translated on the path, the source not, and the reply does not come by the translator.
    func bypassedTranslation(
        _ reading: WalkReading, _ arrived: PacketState, _ back: ForwardPath, sender: String
    ) -> Candidate? {
        guard back.end == .delivered(namespace: sender) else { return nil }
        for flow in reading.flows() + context.flows where flow.original.destination != flow.reply.source {
            guard flow.reply.source == arrived.destination, flow.reply.destination == arrived.source,
                flow.reply.destination == flow.original.source, let router = topology[namespace: flow.namespace],
                flow.namespace != reading.last?.namespace,
                !back.routers.contains(where: { $0.namespace == flow.namespace })
            else { continue }
            let met = reading.sightings.filter { $0.namespace == flow.namespace }.flatMap(\.rules)
            let rule =
                met.last { $0.table == "nat" || ($0.verdict ?? "").contains("dnat") }
                ?? router.netfilter.nat.first { $0.kind == "dnat" }?.rule
            return HairpinMissing().candidate(
                arrived, router: router, rule: rule, source: sender, target: reading.last?.namespace ?? "")
        }
        return nil
    }
}

extension Walk {
    /// Whether it ended on its path, and not past an edge of what can be seen.
    var hasStopped: Bool {
        switch outcome {
        case .dropped, .rejected, .lost, .unsent: true
        case .delivered, .left: false
        }
    }
}
