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
            return diverted(refused(reading, arrived, last, namespace), reading)
        }
        guard let reply else { return context.awaitedAnswer ? unanswered(reading, packet) : [] }
        if let found = repliedFromElsewhere(reply, reading) { return found }
        if reply.hasStopped { return stoppedReply(reply, reading, packet) }
        let taken = takenByTranslator(reply, reading)
        if !taken.isEmpty { return taken }
        if let turned = leftByWrongRoute(reply, reading) { return turned }
        if reply.hasLeft, reply.cutOff == nil, packet.owesReply || packet.ipProtocol == .udp,
            let elsewhere = repliedElsewhere(reply, reading)
        {
            return finding(of: elsewhere, reading)
        }
        if packet.owesReply || packet.ipProtocol == .udp, let turned = turnedReply(reply, reading) { return turned }
        guard reply.cameToReceiver, let sender = reading.sightings.first,
            let end = WalkReading(walk: reply, topology: topology).last
        else { return [] }
        // It came back to somebody else?
        if walk.witness.isOfProxy { return [] }
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
        return acceptedForNobody(reading, arrived, last).map { finding(of: $0, reading) } ?? []
    }

    /// The connection that the kernel accepts for a program that is stopped.
    private func acceptedForNobody(_ reading: WalkReading, _ arrived: PacketState, _ last: Hop) -> Candidate? {
        guard walk.kind.opensConnection, let namespace = topology[namespace: last.namespace] else { return nil }
        let socket =
            unwatchedSocket(reading)
            ?? SocketStep(namespace: namespace, device: reading.inDevice(at: last) ?? "", packet: arrived)
        let judgements = ProcessStopped().examine(.socket(socket), Surroundings(PathInputs(context), origin: arrived))
        guard case .candidate(let found)? = judgements.first else { return nil }
        return found
    }

    /// A reply that left what can be seen by the wrong route, so that its asker did not get it.
    func leftByWrongRoute(_ reply: Walk, _ reading: WalkReading) -> [Finding]? {
        guard reply.hasLeft, reply.cutOff == nil,
            let candidate = wrongRoute(WalkReading(walk: reply, topology: topology), request: reading)
        else { return nil }
        return finding(of: candidate, reading)
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
        let remembered =
            unmetTranslation(reading)
            ?? forgottenConnection(arrived, in: namespace, of: reading.walk, isRefused: true)
        if let remembered {
            return finding(of: remembered, reading, fact: reply.map { .seen("the reply is \($0.summary)") })
        }
        let shared = duplicate(reading, at: namespace.name, arrived.destination, refused: arrived)
        if !shared.isEmpty { return shared }
        var socket =
            unwatchedSocket(reading)
            ?? SocketStep(namespace: namespace, device: reading.inDevice(at: last) ?? "", packet: arrived)
        socket.isRefused = true
        let path = ForwardPath(at: .socket(socket), origin: reading.packet() ?? arrived, PathInputs(context))
        guard var candidate = PathFindings(path).candidates.first else { return [] }
        // A closed port of TCP answers with a RST: an ICMP error is of a rule (RFC 9293, 3.10.7.1).
        if arrived.ipProtocol == .tcp, reply?.isICMPError == true { candidate.isCertain = false }
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
        var diagnosis = WalkDiagnosis(walk: reply, reply: nil, context: context.about(reply))
        var stopping = diagnosis.stopped(back, request: reading)
        if stopping.first?.code == WrongRoute().code { return stopping }
        if let found = unrecognised(reply, reading, stop: stopping.first) {
            return finding(of: found, reading, checks: stopping.first?.checks ?? [])
        }
        if stopping.first?.rule == nil, !hasComeBack(back, to: reading), let older = unmetTranslation(reading),
            older.isCertain
        {
            return finding(of: older, reading, checks: stopping.first?.checks ?? [])
        }
        if stopping.first?.rule == nil, !hasComeBack(back, to: reading), let unheld = unheldSource(reading) {
            return finding(of: unheld, reading, checks: stopping.first?.checks ?? [])
        }
        if let first = stopping.first, let near = nearTranslation(reading, reply: first) {
            stopping[0].severity = .warning
            return finding(of: near, reading) + stopping
        }
        guard let elsewhere = repliedElsewhere(reply, reading, stop: stopping.first) else { return stopping }
        let turned = finding(of: elsewhere, reading)
        // A rule that drops it, or a reverse path check, is the nearer cause; that it came there is the other half.
        guard let first = stopping.first, first.severity == .error,
            first.rule != nil || first.code == ReversePathFilter().code
        else { return turned }
        // What else stands on the path that it should not have taken is of no concern.
        return (first.rule == nil ? [first] : stopping)
            + turned.map { finding in
                var finding = finding
                finding.severity = .warning
                finding.checks = []
                return finding
            }
    }

    /// Whether a reply was seen in the namespace that handed the request over to where it arrived, or to the outside.
    private func hasComeBack(_ reply: WalkReading, to request: WalkReading) -> Bool {
        guard let end = request.sightings.last else { return false }
        let handing = request.sightings.last {
            $0.vantage == .link && $0.direction == .out
                && (request.walk.hasLeft || $0.namespace != end.namespace)
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
                && (reading.walk.hasLeft || $0.namespace != end.namespace)
        }
        // In a tunnel its source is not what the next network sees.
        guard let handing, handing.packet.encapsulation == nil, let device = handing.device,
            let router = topology[namespace: handing.namespace],
            var seen = reading.packet(at: handing), let inDevice = reading.inDevice(at: handing)
        else { return nil }
        seen.isSourceTranslated = nil
        return SourceTranslation(seen, at: router, inDevice: inDevice, outDevice: device)?.candidate
    }

    /// A rule that misses by one condition on one of the routers that the request passed, where the reply to a private
    /// source found no route.
    func nearTranslation(_ reading: WalkReading, reply stopping: Finding) -> Candidate? {
        guard Catalogue.obstacle(stopping.code)?.traits.contains(.lacksRoute) == true else { return nil }
        for hop in reading.sightings where hop.vantage == .link && hop.direction == .out {
            guard let device = hop.device, let router = topology[namespace: hop.namespace],
                let inDevice = reading.inDevice(at: hop), var seen = reading.packet(at: hop),
                seen.source == reading.walk.source
            else { continue }
            seen.isSourceTranslated = nil
            let missing = SourceTranslation(
                seen, at: router, inDevice: inDevice, outDevice: device, towardsPrivate: true)
            if let missing, missing.near != nil { return missing.candidate }
        }
        return nil
    }

    /// Findings about the place that a packet came to, with the rule that sent it there where it was not asked for.
    func diverted(_ findings: [Finding], _ reading: WalkReading) -> [Finding] {
        guard let first = findings.first, walk.answers == nil, let diversion = Diversion(reading) else {
            return findings
        }
        if let stale = StaleForward().candidate(diversion, cause: first, context.graph) {
            return finding(of: stale, reading, checks: first.checks) + findings.dropFirst()
        }
        return [diversion.named(in: first)] + findings.dropFirst()
    }

    /// The destination was translated on the path, the source not, and the reply does not come by the translator.
    func bypassedTranslation(
        _ reading: WalkReading, _ arrived: PacketState, _ back: ForwardPath, sender: String
    ) -> Candidate? {
        guard back.end == .delivered(namespace: sender) else { return nil }
        for flow in reading.flows() + context.flows where flow.original.destination != flow.reply.source {
            guard flow.reply.source == arrived.destination, flow.reply.destination == arrived.source,
                flow.reply.destination == flow.original.source, let router = topology[namespace: flow.namespace],
                // What the sender translated itself comes back to it.
                flow.namespace != reading.last?.namespace, flow.namespace != sender,
                !back.routers.contains(where: { $0.namespace == flow.namespace })
            else { continue }
            let met = reading.sightings.filter { $0.namespace == flow.namespace }.flatMap(\.rules)
            let rule =
                met.last { $0.verdict == "dnat" || router.translatesDestination(by: $0) }
                ?? Diversion(reading).flatMap { $0.namespace.name == flow.namespace ? $0.rule : nil }
                ?? router.netfilter.nat.first { $0.kind == .dnat }?.rule
            return HairpinMissing().candidate(
                arrived, router: router, rule: rule, source: sender, target: reading.last?.namespace ?? "")
        }
        return nil
    }
}

extension Namespace {
    /// Whether a rule translates the destination of what it matches.
    fileprivate func translatesDestination(by rule: RuleReference) -> Bool {
        (netfilter.compiled.rule(rule)?.actions ?? []).contains { action in
            switch action {
            case .destinationTranslation, .redirect: true
            default: false
            }
        }
    }
}
