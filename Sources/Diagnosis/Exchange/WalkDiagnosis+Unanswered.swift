internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// A packet that arrived, or left, and nothing came back.
extension WalkDiagnosis {
    /// What is asked about the silence after an arrival, in this order: first whether the packet was really taken, then
    /// whether a reply would find its path back. The first question that finds something decides.
    private enum Question: Int, CaseIterable, Comparable {
        /// A rule or the reverse path check of the last namespace stops it for certain: it was seen to come in only.
        case stoppedAfterArrival
        /// A translation that the rules have for it did not take place.
        case untranslatedByRule
        /// A router took it that does not translate its connection any more.
        case forgotten
        /// No socket takes it, or the one that would says nothing.
        case notTaken
        /// Nothing that owes a reply was sent: no more is asked.
        case noReplyOwed
        /// The reply goes past the router that translated the destination.
        case bypassedTranslation
        /// Conntrack of a namespace that the request passed does not recognise the reply.
        case unrecognised
        /// The reply goes to another namespace with the sender's address.
        case takenByAnother
        /// The reply is for a private address that a router let out untranslated.
        case untranslated
        /// Nobody takes replies to the address that a router gave the request.
        case unheld
        /// The reply leaves by another device than the request came by.
        case repliedElsewhere
        /// Something stops the reply on its path back.
        case replyStopped
        /// None of these.
        case unexplained

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    /// An arrival, with the paths that the questions look at.
    private struct Arrival {
        var reading: WalkReading
        /// As first sent.
        var packet: PacketState
        /// As it arrived.
        var arrived: PacketState
        var last: Hop
        var namespace: Namespace
        var sender: String
        /// From where it was last seen to the socket.
        var onward: PathFindings
        /// The reply's.
        var back: PathFindings

        var isBack: Bool { back.path.end == .delivered(namespace: sender) }
        var blocking: Candidate? { back.candidates.first(where: \.isCertain) ?? back.candidates.first }
    }

    mutating func unanswered(_ reading: WalkReading, _ packet: PacketState) -> [Finding] {
        guard let last = reading.last, let arrived = reading.packet(at: last), let sender = reading.sightings.first,
            let namespace = topology[namespace: last.namespace]
        else { return [] }
        var arrival = Arrival(
            reading: reading, packet: packet, arrived: arrived, last: last, namespace: namespace,
            sender: sender.namespace, onward: onward(reading, packet, arrived, last, namespace),
            back: PathFindings(ForwardPath(origin: arrived, inputs(reading))))
        for question in Question.allCases {
            // Of most packets it need not be followed.
            if question == .bypassedTranslation { arrival.back = pathBack(of: arrived, from: last.namespace, reading) }
            if let findings = ask(question, arrival) { return doubted(findings, question, arrival) }
        }
        return []
    }

    /// With the rule first that may have dropped the packet behind the device by which it came in: what would stop its reply
    /// is certain only where the packet itself was taken.
    private func doubted(_ findings: [Finding], _ question: Question, _ arrival: Arrival) -> [Finding] {
        guard question > .noReplyOwed, !findings.isEmpty, let possible = possibleDrop(arrival.onward) else {
            return findings
        }
        let others = question == .unexplained ? [] : findings
        return finding(of: possible, arrival.reading, checks: arrival.onward.checks)
            + others.map { finding in
                var finding = finding
                finding.severity = .warning
                return finding
            }
    }

    /// It left by a device past which nothing can be seen.
    func leftUnanswered(_ reading: WalkReading, _ packet: PacketState) -> [Finding] {
        guard let last = reading.last, reading.packet(at: last) != nil, packet.owesReply || packet.ipProtocol == .udp
        else { return [] }
        if let candidate = leftByOtherRoute(reading) ?? leftWithOtherSource(reading, packet) ?? missingProxy(reading)
            ?? unheardNeighbour(reading)
        {
            return finding(of: candidate, reading)
        }
        guard packet.owesReply else { return [] }
        var finding = NoAnswer().left(last, unseen: unseenReply)
        finding.evidence += otherRoutes(reading)
        return [Diversion(reading)?.named(in: finding) ?? finding]
    }

    private func leftByOtherRoute(_ reading: WalkReading) -> Candidate? {
        wrongRoute(reading, request: nil) ?? emptyTable(reading, cause: nil)
    }

    /// What is wrong with the source that it left with; a routing rule that led it there comes between.
    private func leftWithOtherSource(_ reading: WalkReading, _ packet: PacketState) -> Candidate? {
        let chosen =
            unmetTranslation(reading) ?? substitutedSource(reading) ?? missingTranslation(reading, packet)
            ?? chosenSource(reading) ?? sourceBeforeMark(reading)
        if let chosen { return chosen }
        return routedElsewhere(reading, cause: nil) ?? refutedTranslation(reading) ?? unheldSource(reading)
    }

    /// Whether hosts where it left would look for its source on their own link.
    private func missingProxy(_ reading: WalkReading) -> Candidate? {
        guard let stay = reading.stays().last, let device = stay.outDevice, stay.inDevice != nil,
            reading.last?.packet.encapsulation == nil
        else { return nil }
        return ProxyMissing().left(stay.exit, by: device, of: stay.namespace)
    }

    /// Whether a rule keeps the next hop, which can't be seen, from learning where to send replies.
    private func unheardNeighbour(_ reading: WalkReading) -> Candidate? {
        guard let stay = reading.stays().last, let device = stay.outDevice, let link = stay.namespace[device: device],
            reading.last?.packet.encapsulation == nil
        else { return nil }
        let choice = inputs(reading).route(stay.exit, stay.namespace, inDevice: stay.inDevice)
        guard choice.device == device else { return nil }
        let surroundings = Surroundings(PathInputs(context), origin: stay.exit)
        return NeighborUnresolved().unheard(stay.exit, choice, by: link, of: stay.namespace, surroundings)
    }

    /// Routes to the same network by other devices, which the kernel did not take for their metric.
    private func otherRoutes(_ reading: WalkReading) -> [Fact] {
        guard let stay = reading.stays().last, let device = stay.outDevice else { return [] }
        let choice = inputs(reading).route(stay.exit, stay.namespace, inDevice: stay.inDevice)
        guard let route = choice.route, route.device == device else { return [] }
        let others = stay.namespace.routes.filter {
            $0.table == route.table && $0.destination == route.destination && $0.kind == .unicast
                && $0.device != device && $0.metric > route.metric
        }
        return others.prefix(3).map { other in
            let through = other.gateway.map { "via \($0) " } ?? ""
            return .state(
                "not taken for its metric (\(other.metric), against \(route.metric)): \(other.destinationText) \(through)dev \(other.device ?? "") in \(stay.namespace.name)"
            )
        }
    }

    private var unseenReply: String {
        isComplete ? "" : "; a source lost events meanwhile, so it may have come unseen"
    }

    private func onward(
        _ reading: WalkReading, _ packet: PacketState, _ arrived: PacketState, _ last: Hop, _ namespace: Namespace
    ) -> PathFindings {
        let inputs = inputs(reading)
        if let stray = strayArrival(reading, last, inputs) { return stray }
        if last.vantage == .socket {
            guard packet.ipProtocol == .udp || packet.owesReply else {
                return PathFindings(ForwardPath(origin: arrived, inputs))
            }
            let socket = SocketStep(namespace: namespace, device: "", packet: arrived)
            return PathFindings(ForwardPath(at: .socket(socket), origin: arrived, inputs))
        }
        return PathFindings(
            reading.start(sender: nil).map { ForwardPath(of: arrived, from: $0, inputs) }
                ?? ForwardPath(origin: arrived, inputs))
    }

    /// Where the frame that came in was for another MAC address, so that it was seen there and not taken: what that comes
    /// from.
    private func strayArrival(_ reading: WalkReading, _ last: Hop, _ inputs: PathInputs) -> PathFindings? {
        let entry = reading.sightings.last {
            $0.namespace == last.namespace && $0.vantage == .link && $0.direction == .in
        }
        guard let entry, let device = entry.device, let packet = reading.packet(at: entry),
            let mac = packet.macDestination, !mac.isGroup, !mac.isZero
        else { return nil }
        let path = ForwardPath(of: packet, from: .received(namespace: last.namespace, device: device), inputs)
        return path.steps.contains { $0.kind == .stray } ? PathFindings(path) : nil
    }

    /// Nil where the question finds nothing; empty where there is nothing to say, and no more is asked.
    private mutating func ask(_ question: Question, _ arrival: Arrival) -> [Finding]? {
        let (reading, packet) = (arrival.reading, arrival.packet)
        switch question {
        case .stoppedAfterArrival: return stoppedAfterArrival(arrival).map { diverted($0, reading) }
        case .untranslatedByRule: return unmetTranslation(reading).map { finding(of: $0, reading) }
        case .forgotten: return forgotten(arrival)
        case .notTaken: return notTaken(arrival).map { diverted($0, reading) }
        case .noReplyOwed: return packet.owesReply || packet.ipProtocol == .udp ? nil : []
        case .bypassedTranslation:
            return bypassedTranslation(reading, arrival.arrived, arrival.back.path, sender: arrival.sender).map {
                finding(of: $0, reading)
            }
        case .unrecognised:
            return wouldBeUnrecognised(arrival.back, reading).map {
                finding(of: $0, reading, checks: arrival.back.checks)
            }
        case .takenByAnother:
            guard case .delivered(let name) = arrival.back.path.end, !arrival.isBack,
                topology[namespace: name]?.holds(packet.source) == true
            else { return nil }
            return duplicate(reading, at: name, packet.source)
        case .untranslated:
            // A rule that stops the reply on a path that leads back to the sender stops it translated or not; and a route
            // of the receiver that covers the sender is what is wrong, where without it the reply would arrive.
            guard !arrival.isBack || arrival.blocking.map({ $0.finding.rule == nil }) ?? false else { return nil }
            if arrival.blocking?.finding.code == WrongRoute().code { return nil }
            return
                (substitutedSource(reading) ?? missingTranslation(reading, packet) ?? chosenSource(reading)
                ?? sourceBeforeMark(reading) ?? refutedTranslation(reading)).map {
                    finding(of: $0, reading, checks: arrival.back.checks)
                }
        case .unheld:
            guard !arrival.isBack, packet.owesReply else { return nil }
            return unheldSource(reading).map { finding(of: $0, reading, checks: arrival.back.checks) }
        case .repliedElsewhere:
            guard !arrival.isBack, packet.owesReply else { return nil }
            // A route that covers the asker by mistake is why the reply turns off.
            if arrival.blocking?.finding.code == WrongRoute().code { return nil }
            guard let elsewhere = wouldReplyElsewhere(arrival.back, reading) else { return nil }
            let turned = finding(of: elsewhere, reading, checks: arrival.back.checks)
            // A reverse path check that drops it is the nearer cause; that it came there is the other half.
            guard let blocking = arrival.blocking, blocking.isCertain, blocking.finding.code == ReversePathFilter().code
            else { return turned }
            return (replyStopped(arrival) ?? []) + turned
        case .replyStopped: return replyStopped(arrival)
        case .unexplained:
            if let refuted = refutedTranslation(reading) { return finding(of: refuted, reading) }
            guard packet.owesReply else { return nil }
            return [
                NoAnswer().arrived(
                    arrival.last, by: reading.unwatchedArrival, unseen: unseenReply,
                    checks: arrival.back.checks + arrival.onward.checks)
            ]
        }
    }

    private mutating func stoppedAfterArrival(_ arrival: Arrival) -> [Finding]? {
        // Why a frame is not for the device that it came to is elsewhere.
        let isStray = arrival.onward.path.steps.contains { $0.kind == .stray }
        let mine = arrival.onward.candidates.filter {
            $0.finding.where.namespace == arrival.last.namespace || isStray && $0.traits.contains(.isElsewhere)
        }
        let stopping = mine.first { $0.finding.rule != nil || $0.traits.contains(.stopsAfterArrival) }
        guard let stopping, stopping.isCertain else { return nil }
        let report = KernelReport(arrival.reading.walk, context)
        walk.outcome = .lost
        if isStray {
            walk.stoppedAt = Stop(namespace: arrival.last.namespace, device: arrival.last.device, vantage: .link)
        }
        refine(stopping, arrival.reading)
        return findings(of: stopping, next: mine, arrival.onward, report, arrival.reading)
    }

    private mutating func forgotten(_ arrival: Arrival) -> [Finding]? {
        let found = forgottenConnection(
            arrival.arrived, in: arrival.namespace, of: arrival.reading.walk, isRefused: false)
        guard let found else { return nil }
        // Its receiver did not get it, and the sender gets a reset.
        walk.outcome = .rejected
        return finding(of: found, arrival.reading)
    }

    private mutating func notTaken(_ arrival: Arrival) -> [Finding]? {
        let isTCP = arrival.packet.ipProtocol == .tcp
        // TCP refuses with a RST: without one, only what explains a silence counts.
        let found = arrival.onward.candidates.first { !isTCP || $0.traits.contains(.explainsSilence) }
        guard var found else { return nil }
        // What a server sends from its own port answers something that was not seen; its client's socket is gone by now.
        if !isTCP, !found.traits.contains(.isSilent), isOfServer(arrival) { return [] }
        // Whoever refuses says so: a RST, or an ICMP error. Without one, the state may have changed meanwhile.
        if !found.traits.contains(.isSilent) { found.isCertain = false }
        if found.isCertain, found.traits.contains(.dropsAtSocket) { walk.outcome = .dropped }
        return finding(of: found, arrival.reading)
    }

    /// Whether a datagram comes from a port on which its sender listens.
    private func isOfServer(_ arrival: Arrival) -> Bool {
        guard let first = arrival.reading.sightings.first, let sender = topology[namespace: first.namespace],
            let port = arrival.packet.sourcePort
        else { return false }
        return sender.listeners.contains {
            $0.isOn(arrival.packet.ipProtocol, port: port)
                && $0.takes(arrival.packet.source)
        }
    }

    private func replyStopped(_ arrival: Arrival) -> [Finding]? {
        let (reading, back) = (arrival.reading, arrival.back)
        guard var found = arrival.blocking, found.isCertain || arrival.packet.owesReply else { return nil }
        if found.finding.code == NoRoute().code, found.finding.where.namespace == arrival.last.namespace {
            let reply = arrival.arrived.answer
            let surroundings = Surroundings(back.path.inputs, origin: reply)
            let choice = back.path.inputs.route(reply, arrival.namespace, inDevice: nil)
            if let near = nearTranslation(reading, reply: found.finding) {
                return finding(of: near, reading, checks: back.checks)
            }
            return finding(
                of: NoReturnPath().candidate(reply, at: arrival.namespace, choice, surroundings), reading,
                checks: back.checks)
        }
        if let near = nearTranslation(reading, reply: found.finding) {
            return finding(of: near, reading, checks: back.checks)
        }
        if let better = routedElsewhere(reading, cause: found) {
            return finding(of: better, reading, checks: back.checks)
        }
        if !arrival.packet.owesReply { found.isCertain = false }
        let entry = reading.unwatchedArrival?.device.map { "came in by \($0)" } ?? "arrived"
        found.finding.evidence.append(
            .seen("the request \(entry) in \(arrival.last.namespace); the reply is what is lost"))
        return findings(of: found, next: back.candidates, back, KernelReport(reading.walk, context), reading)
    }
}
