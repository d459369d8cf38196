internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// The diagnosis of one walk.
///
/// By its outcome: a packet that stopped is followed along the path that the configuration gives it from where it was
/// last seen, and the witnesses say which of the obstacles there was the cause (`WalkDiagnosis+Stopped`). Of one that
/// arrived, the reply is looked at (`+Delivered`), or what kept it from coming (`+Unanswered`).
struct WalkDiagnosis {
    /// With what the findings say of its outcome and end.
    var walk: Walk
    let reply: Walk?
    let context: DiagnosisContext
    var topology: Topology { context.topology }

    init(walk: Walk, reply: Walk?, context: DiagnosisContext) {
        self.walk = walk
        self.reply = reply
        var context = context
        // Of a sample only what is always looked at together with its answer can be called unanswered.
        if walk.sampledOneOf != nil, !walk.kind.awaitsAnswer { context.awaitedAnswer = false }
        if let stop = walk.stoppedAt { context.read(stop, of: walk) }
        self.context = context
    }

    mutating func run() -> [Finding] {
        let reading = WalkReading(walk: walk, topology: topology)
        guard let packet = reading.packet() else { return [] }
        // What lies past the edge of the recording is no fault of the network's.
        if walk.cutOff != nil { return [] }
        if let group = GroupPacket(reading, packet, context.graph) {
            walk.witness.isForMany = true
            return sentToMany(reading, packet, group)
        }
        if Exchange(request: walk, reply: reply).isReplyAstray, isMadeByProxy(reading) { walk.witness.isOfProxy = true }
        // One that was seen nowhere but where it was dropped.
        if packet.destination.isMulticast { return [] }
        if walk.outcome != .delivered, let found = translatedToLoopback(reading) {
            return finding(of: found, reading)
        }
        if walk.outcome == .delivered || walk.outcome == .left, let aside = ledAside(reading) { return aside }
        switch walk.outcome {
        case .delivered: return isCut ? [] : withStoppedError(arrived(reading, packet), reading)
        case .left where walk.isAtReceiver: return isCut ? [] : arrived(reading, packet)
        case .left:
            if walk.answers != nil || isCut { return [] }
            if let reply, let found = repliedFromElsewhere(reply, reading) { return found }
            if let reply, reply.hasStopped { return stoppedReply(reply, reading, packet) }
            if let taken = reply.map({ takenByTranslator($0, reading) }), !taken.isEmpty { return taken }
            if let reply, let turned = leftByWrongRoute(reply, reading) { return turned }
            if let turned = reply.flatMap({ turnedReply($0, reading) }) { return turned }
            if let reply, reply.cameToReceiver { return refusedOutside(reply, reading) }
            if !context.awaitedAnswer { return [] }
            return leftUnanswered(reading, packet)
        case .dropped, .rejected, .lost, .unsent:
            return withStoppedError(diverted(stopped(reading, request: nil), reading), reading)
        }
    }

    // MARK: What all of it needs

    /// Whether no source of sightings lost anything while the walk ran: only then does it mean something that a hop was not
    /// seen. What was lost of rules, drops and connections takes nothing from that.
    var isComplete: Bool { !hasLost(.sightings) }

    /// Whether anything of a kind was lost while the walk ran.
    func hasLost(_ subject: Loss.Subject) -> Bool {
        walk.losses.contains { Loss.subject(of: $0.vantage) == subject }
            || context.losses.contains { $0.lost > 0 && Loss.subject(of: $0.source) == subject }
    }

    /// Whether a packet that went on, or the reply to it, is so close to an edge of the recording that the rest of it may
    /// lie past that: then neither what it looked like before nor what was not seen after means anything.
    private var isCut: Bool {
        if let reply, reply.hasStopped { return false }
        return !walk.witness.edges.isEmpty || reply.map { !$0.witness.edges.isEmpty } ?? false
    }

    /// The namespace that sends a packet.
    func sender(_ reading: WalkReading, _ packet: PacketState) -> String? {
        if let name = context.sendFailures.last?.namespace { return name }
        if let name = reading.walk.stoppedAt?.namespace { return name }
        return topology.namespaces.first { namespace in
            namespace.links.contains { $0.addresses.contains { $0.address == packet.source } }
        }?.name
    }

    /// Inputs for a path of this walk's packet, or of one that answers it.
    func inputs(_ reading: WalkReading, isReply: Bool = false) -> PathInputs {
        let history = history(walk)
        // What the walk itself shows of a translation was so when it passed.
        let shown = reading.flows().filter { flow in
            !history.ended.contains { $0.namespace == flow.namespace && $0.original == flow.original }
        }
        var inputs = PathInputs(
            context, flows: history.live + shown, requestPassed: isReply ? reading.namespaces : nil)
        inputs.endedFlows = history.ended
        if isReply { inputs.requestEntries = reading.requestEntries() }
        return inputs
    }

    /// A cause that nothing else is next in line to.
    func finding(
        of candidate: Candidate, _ reading: WalkReading, fact: Fact? = nil, checks: [Finding.Check] = []
    ) -> [Finding] {
        var finding = candidate.finding
        finding.severity = candidate.isCertain ? .error : .warning
        finding.evidence.insert(contentsOf: reading.lastSeen, at: 0)
        if let fact { finding.evidence.append(fact) }
        finding.checks = [Finding.Check(holds: candidate.isCertain ? true : nil, text: finding.message)] + checks
        return [finding]
    }

    /// Where the packet should not have been on this path at all: nobody has the address of a service without endpoints.
    private static let endsPath: Set<FindingCode> = [
        StaleNeighbor().code, WrongGateway().code, LocalRuleMissing().code, ServiceWithoutEndpoints().code,
    ]

    /// The cause, with what the kernel reported, then up to four obstacles that would also stop the packet.
    func findings(
        of cause: Candidate, next candidates: [Candidate], _ path: PathFindings, _ report: KernelReport,
        _ reading: WalkReading
    ) -> [Finding] {
        var first = cause.finding
        first.severity = cause.isCertain ? .error : .warning
        first.checks = [Finding.Check(holds: cause.isCertain ? true : nil, text: first.message)] + path.checks
        if let fact = report.fact { first.evidence.append(fact) }
        if report.reason == nil, let fact = context.nearbyDrops?.words(concerning: cause.reasons) {
            first.evidence.append(fact)
        }
        if let failure = report.failure { first.evidence.append(.kernel("the send call failed: \(failure.message)")) }
        first.evidence.insert(contentsOf: reading.lastSeen, at: 0)
        var findings = [first]
        // It should not have taken this path: what else is on it is of no concern.
        if Self.endsPath.contains(first.code) {
            return findings
        }
        for candidate in candidates where candidate.isCertain && findings.count < 5 {
            var finding = candidate.finding
            let isKnown = findings.contains {
                $0.code == finding.code && $0.where == finding.where && $0.rule == finding.rule
            }
            if isKnown { continue }
            finding.severity = .warning
            finding.message = "would also block: \(finding.message)"
            findings.append(finding)
        }
        return findings
    }

    /// Takes what a certain cause says of the walk's outcome and end.
    mutating func refine(_ cause: Candidate, _ reading: WalkReading) {
        guard cause.isCertain else { return }
        walk.outcome = outcome(by: cause, reading)
        let finding = cause.finding
        var stop = walk.stoppedAt ?? Stop()
        stop.namespace = stop.namespace ?? finding.where.namespace
        stop.device = stop.device ?? finding.where.device
        stop.hook = stop.hook ?? finding.where.hook
        if stop.vantage == nil { stop.vantage = stop.hook == nil ? .link : .netfilter }
        if stop.rule?.text == nil { stop.rule = finding.rule ?? stop.rule }
        walk.stoppedAt = stop
    }

    /// Whether the packet left its sender, and whether the sender got an error, as far as the cause says.
    private func outcome(by cause: Candidate, _ reading: WalkReading) -> Walk.Outcome {
        let isOfRule = cause.finding.rule != nil && !cause.traits.contains(.stopsNeighbourDiscovery)
        let hasLeft = reading.sightings.contains {
            $0.vantage == .link && topology[namespace: $0.namespace]?[device: $0.device ?? ""]?.kind != .loopback
        }
        let isUnsent = !hasLeft && !isOfRule
        var outcome = walk.outcome
        // It was the sender's own kernel that reported it.
        if outcome == .rejected, isUnsent, isComplete { outcome = .unsent }
        if outcome == .lost || outcome == .dropped {
            let own = reading.packet().flatMap { sender(reading, $0) }
            if isUnsent, isComplete || cause.finding.where.namespace == own { return .unsent }
            outcome = cause.traits.contains(.rejects) ? .rejected : .dropped
        }
        // The sender got the error.
        if outcome == .dropped, let reply, reply.isICMPError, reply.cameToReceiver { return .rejected }
        return outcome
    }
}
