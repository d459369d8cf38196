public import WalkModel

internal import Observations
internal import Network
internal import Wire

/// Why a packet did not arrive, and what would mend it.
///
/// A pure function of a walk, its answer and the state of the network. From where the packet was last seen its way is
/// projected through that state in the order of the kernel's packet flow; each thing that could stop it is asked and
/// kept as a candidate or as a check that found nothing. What the kernel itself said (a traced rule, a drop reason, the
/// sender's errno) decides between candidates. The first finding is the cause; later ones are next in line. A cause
/// that is not proven is at most a warning.
public enum Diagnosis {
    /// - Parameters:
    ///   - walk: the packet's walk.
    ///   - reply: the walk that answers it, where one was seen.
    /// - Returns: the findings, and the walk with them and with what they say of its outcome and end.
    public static func findings(
        for walk: Walk, reply: Walk?, context: DiagnosisContext
    ) -> (findings: [Finding], walk: Walk) {
        var examination = Examination(walk: walk, reply: reply, context: context)
        let findings = examination.run()
        var refined = examination.walk
        refined.findings = findings
        return (findings, refined)
    }
}

/// One walk under examination.
struct Examination {
    var walk: Walk
    let reply: Walk?
    let context: DiagnosisContext
    var topology: Topology { context.topology }

    init(walk: Walk, reply: Walk?, context: DiagnosisContext) {
        self.walk = walk
        self.reply = reply
        var context = context
        if let stop = walk.stoppedAt { context.read(stop, of: walk) }
        self.context = context
    }

    mutating func run() -> [Finding] {
        let reading = WalkReading(walk: walk, topology: topology)
        guard let packet = reading.packet(), !packet.destination.isMulticast else { return [] }
        // What lies behind the edge of the recording is no fault of the network's.
        if walk.cutOff != nil { return [] }
        switch walk.outcome {
        case .delivered:
            if walk.answers != nil { return [] }
            return delivered(reading, packet)
        case .left:
            if walk.answers != nil || reply?.outcome == .delivered || !context.awaitedAnswer { return [] }
            return unanswered(reading, packet)
        case .dropped, .rejected, .lost, .unsent:
            return stopped(reading, request: nil)
        }
    }

    // MARK: It stopped on its way

    private mutating func stopped(_ reading: WalkReading, request: WalkReading?) -> [Finding] {
        guard let first = reading.packet() else { return [] }
        let packet = reading.last.flatMap { reading.packet(at: $0) } ?? first
        var projection = Projection(context, flows: context.flows + (request ?? reading).flows())
        projection.requestPassed = request?.namespaces
        projection.origin = first
        if isComplete, let next = reading.walk.expectedNext {
            if next.vantage == .link, let device = next.device {
                projection.boundary = LayerTwoPath.Port(namespace: next.namespace, device: device)
            } else if let hook = next.hook {
                projection.boundaryHook = (next.namespace, hook)
            }
        }
        if let start = reading.start(sender: sender(reading, packet)) {
            projection.run(packet, from: start)
        }
        var candidates = projection.candidates
        if let last = reading.last { candidates = candidates.filter { !isBehind($0, last) } }
        let trace = TraceReading(context.rules)
        for refuted in candidates where isPassed(refuted, trace) {
            let words = refuted.finding.rule?.words ?? "a rule"
            projection.check(false, "\(words): the trace shows that the packet passed")
        }
        candidates.removeAll { isPassed($0, trace) }
        let before = min(projection.candidatesBeforeBoundary ?? candidates.count, candidates.count)
        let told = Told(examination: self, reading: reading)
        var primary = choose(candidates, before: before, told: told, projection: projection, packet: packet)
        if let cause = primary,
            let better = routedElsewhere(reading, cause: cause, request: request, routers: projection.routers)
        {
            candidates.insert(cause, at: 0)
            primary = better
        }
        if primary == nil, isComplete { primary = neighbourQuestionStopped(reading, candidates, told) }
        guard var primary else {
            // NAT keeps back redirects of a connection that it translates (nf_nat_icmp_reply_translation): nobody's fault.
            if reading.walk.isRedirect, told.reason == "NETFILTER_DROP" { return [] }
            return [unexplained(reading, packet, projection, told)]
        }
        if !isComplete, !told.isDirect {
            primary.isCertain = false
            primary.finding.evidence.append(
                Fact(nil, "a source lost events meanwhile: what was not seen proves nothing"))
        }
        if request == nil { refine(primary, reading) }
        return conclude(primary, candidates, projection, told, reading)
    }

    /// A packet that waits for its neighbour's address goes no further, and what stops the question stands where the
    /// packet never came. Only what stops ARP and neighbour discovery too counts: of the rules those that the question
    /// itself was asked about.
    private func neighbourQuestionStopped(
        _ reading: WalkReading, _ candidates: [Candidate], _ told: Told
    ) -> Candidate? {
        guard told.rule == nil, told.reason == nil, let last = reading.last, let device = nextDevice(reading, last),
            let namespace = topology[namespace: last.namespace],
            let waiting = namespace.neighbors.first(where: {
                $0.device == device && ["failed", "incomplete"].contains($0.state.lowercased())
            })
        else { return nil }
        let codes: Set<FindingCode> = [
            "link-down", "bridge-port-blocked", "vxlan-unreachable", "address-on-bridge-port", "reverse-path-filter",
            "tc-drop",
        ]
        let fitting = candidates.filter { candidate in
            candidate.stopsNeighbourDiscovery || codes.contains(candidate.finding.code) && candidate.finding.rule == nil
        }
        if var cause = fitting.first(where: \.isCertain) ?? fitting.first {
            cause.finding.evidence.append(.seen("the next hop of \(last.namespace) on \(device) does not answer"))
            return cause
        }
        let state = waiting.state.lowercased()
        return Candidate(
            finding: Finding(
                code: "neighbor-unresolved", severity: .warning,
                where: Finding.Place(namespace: last.namespace, device: device),
                message:
                    "the packet waits in \(last.namespace) for the link-layer address of \(waiting.address) on \(device) (\(state)); of what could keep the question from being answered nothing does",
                evidence: [.state("neighbour \(waiting.address) on \(device) in \(last.namespace): \(state)")]),
            isCertain: false)
    }

    /// The device at which a packet was expected that was last seen on its way out of the same namespace.
    private func nextDevice(_ reading: WalkReading, _ last: Hop) -> String? {
        guard let next = reading.walk.expectedNext else { return last.hook == .postrouting ? last.device : nil }
        return next.vantage == .link && next.namespace == last.namespace ? next.device : nil
    }

    /// Whether no source lost anything while the walk ran: only then does an absence mean something.
    /// That rules were lost takes nothing from it, since nothing is concluded from the absence of a rule.
    private var isComplete: Bool {
        walk.losses.allSatisfy { $0.vantage.hasPrefix(Loss.ruleTracePrefix) }
            && context.losses.allSatisfy { $0.lost == 0 || $0.source.hasPrefix(Loss.ruleTracePrefix) }
    }

    /// Added to what says that there was no answer.
    private var unseenAnswer: String {
        isComplete ? "" : "; a source lost events meanwhile, so it may have come unseen"
    }

    private func senderName(_ reading: WalkReading) -> String? {
        reading.packet().flatMap { sender(reading, $0) }
    }

    private func sender(_ reading: WalkReading, _ packet: PacketState) -> String? {
        if let name = context.sendFailures.last?.namespace { return name }
        if let name = reading.walk.stoppedAt?.namespace { return name }
        let holders = topology.namespaces.filter { namespace in
            namespace.links.contains { $0.addresses.contains { $0.address == packet.source } }
        }
        return holders.first?.name
    }

    /// A rule of a base chain of which the kernel's trace says that the packet came through it.
    private func isPassed(_ candidate: Candidate, _ trace: TraceReading) -> Bool {
        guard let rule = candidate.finding.rule, let namespace = candidate.finding.where.namespace,
            !walk.losses.contains(where: { $0.vantage.hasPrefix(Loss.ruleTracePrefix) })
        else { return false }
        return trace.passed(
            family: rule.family, table: rule.table, baseChain: candidate.finding.path.first?.chain ?? rule.chain,
            namespace: namespace)
    }

    /// A rule of a hook that the packet was seen to have passed.
    private func isBehind(_ candidate: Candidate, _ last: Hop) -> Bool {
        guard last.vantage == .netfilter, let seen = last.hook, let hook = candidate.finding.where.hook,
            candidate.finding.where.namespace == last.namespace, candidate.finding.rule != nil
        else { return false }
        let order: [NetfilterHook] = [.ingress, .prerouting, .input, .forward, .output, .postrouting, .egress]
        guard let one = order.firstIndex(of: hook), let other = order.firstIndex(of: seen) else { return false }
        return one < other
    }

    /// What the kernel said itself.
    struct Told {
        var rule: RuleReference?
        var verdict: String?
        /// The drop reason, by what it means.
        var reason: String?
        /// The drop reason as the kernel gave it.
        var word: String?
        var location: String?
        var namespace: String?
        var failure: SendFailure?
        /// A counter that rose: the reason it stands for.
        var counted: (reason: String, text: String, namespace: String)?

        var isDirect: Bool { rule != nil || reason != nil || failure != nil }

        init(examination: Examination, reading: WalkReading) {
            let context = examination.context
            let stop = reading.walk.stoppedAt
            rule = stop?.rule
            verdict = stop?.rule?.verdict
            if rule == nil {
                let ending = context.rules.last {
                    let verdict = $0.verdict.lowercased()
                    return verdict == "drop" || verdict.hasPrefix("reject") || verdict == "policy drop"
                }
                rule = ending?.reference
                verdict = ending?.verdict
                if let ending { namespace = ending.namespace }
            }
            // Of a packet that arrived, what its socket threw away later tells nothing.
            let isDelivered = reading.walk.outcome == .delivered
            let drops = context.drops.filter { !isDelivered || !DropReason.housekeeping.contains($0.reason) }
            let drop =
                drops.last { !["NO_SOCKET", "CONSUMED", "NOT_DROPPED_YET"].contains($0.reason) } ?? drops.last
            reason = stop?.reason.flatMap { DropReason.isName($0) ? $0 : nil } ?? drop?.reason
            location = stop?.location ?? drop?.location
            word = reason
            // Drivers free what their XDP program dropped without giving the reason: veth_xdp_rcv_skb of veth, for one.
            if reason == "NOT_SPECIFIED", location?.contains("xdp") == true { reason = "XDP" }
            namespace = namespace ?? stop?.namespace ?? drop?.namespace
            failure = context.sendFailures.last
            let counters: [(String, String)] = [
                ("IPReversePathFilter", "IP_RPFILTER"), ("InAddrErrors", "IP_INADDRERRORS"),
                ("InNoRoutes", "IP_INNOROUTES"), ("OutNoRoutes", "IP_OUTNOROUTES"), ("InHdrErrors", "IP_INHDR"),
                ("RcvbufErrors", "SOCKET_RCVBUFF"), ("NoPorts", "NO_SOCKET"),
            ]
            for (name, meaning) in counters {
                if let hit = context.counters.first(where: { $0.name.hasSuffix(name) && $0.delta > 0 }) {
                    counted = (meaning, "\(hit.name) rose by \(hit.delta) in \(hit.namespace)", hit.namespace)
                    break
                }
            }
        }
    }

    private func choose(
        _ candidates: [Candidate], before: Int, told: Told, projection: Projection, packet: PacketState
    ) -> Candidate? {
        if let rule = told.rule {
            let same = candidates.first { candidate in candidate.finding.rule.map { isSame($0, rule) } ?? false }
            let trace = TraceReading(context.rules)
            // An accept in a base chain before can only be known from the trace where a condition can't be told.
            let isWhole = trace.accepted(before: rule).isEmpty || same?.finding.code == "accept-not-final"
            var match = isWhole ? same : nil
            match = match ?? traced(rule, told: told, packet: packet, projection: projection)
            match?.isCertain = true
            match?.finding.evidence.insert(.rule("traced: \(rule.words)"), at: 0)
            if let path = trace.path(to: rule) { match?.finding.path = path }
            // The kernel's word stands; that the rules as read say something else is told, not hidden.
            let expected = candidates.first { $0.isCertain && $0.finding.rule != nil }
            if let expected, let other = expected.finding.rule, !isSame(other, rule),
                expected.finding.where.namespace == match?.finding.where.namespace,
                expected.finding.where.hook == match?.finding.where.hook
            {
                match?.finding.evidence.append(
                    .state("by the rules as they were read \(other.words) would have ended it; the trace decides"))
            }
            return match
        }
        var eligible = Array(candidates[..<before])
        if let reason = told.reason {
            // Who did not answer for the next hop, and why, stands in another namespace than that which gave up.
            let isNeighbour = reason.hasPrefix("NEIGH_")
            let fitting = eligible.filter { candidate in
                if isNeighbour, candidate.stopsNeighbourDiscovery { return true }
                let isPlace =
                    told.namespace == nil || candidate.finding.where.namespace == told.namespace
                    || ["wrong-gateway", "link-local-source"].contains(candidate.finding.code)
                    || candidate.finding.code == "duplicate-address" && !candidate.reasons.isEmpty || isNeighbour
                return isPlace
                    && (candidate.reasons.contains(reason) || candidate.reasons.isEmpty && reason == "NOT_SPECIFIED")
            }
            if var match = fitting.first(where: \.isCertain) ?? fitting.first {
                // The kernel names the reason and one thing there fits it.
                if fitting.count == 1, reason != "NOT_SPECIFIED" { match.isCertain = true }
                return match
            }
            return kernelWord(reason, told: told, packet: packet)
        }
        if let nearby = context.nearbyDrops?.onlyReason {
            // State that stops the packet for certain needs no witness. What can't be told from state, and stands before
            // it on the way, is named first where the only drops there were speak for it and against the other.
            let fitting = eligible.firstIndex { $0.reasons.contains(nearby) }
            let certain = eligible.firstIndex(where: \.isCertain)
            if let fitting, fitting < certain ?? .max,
                certain.map({ !eligible[$0].reasons.isEmpty && !eligible[$0].reasons.contains(nearby) }) ?? true
            {
                return eligible[fitting]
            }
        }
        if let counted = told.counted {
            let fitting = eligible.filter {
                $0.reasons.contains(counted.reason) && $0.finding.where.namespace == counted.namespace
            }
            if var match = fitting.first(where: \.isCertain) {
                match.finding.evidence.append(.kernel("\(counted.text)"))
                return match
            }
        }
        // EPERM from a send is a rule of the sender's own.
        if told.failure?.errorNumber == 1, let rule = eligible.first(where: { $0.finding.rule != nil }) { return rule }
        eligible.removeAll { $0.finding.severity == .info }
        return eligible.first(where: \.isCertain) ?? eligible.first
    }

    private func isSame(_ one: RuleReference, _ other: RuleReference) -> Bool {
        guard one.family == other.family || one.family.isEmpty || other.family.isEmpty, one.table == other.table,
            one.chain == other.chain
        else { return false }
        if let backend = one.backend, let wanted = other.backend, backend != wanted { return false }
        if let handle = one.handle, let wanted = other.handle { return handle == wanted }
        return one.position == other.position
    }

    /// A rule that the trace names and the projection did not come by.
    private func traced(
        _ rule: RuleReference, told: Told, packet: PacketState, projection: Projection
    ) -> Candidate? {
        let name =
            told.namespace ?? walk.stoppedAt?.namespace ?? WalkReading(walk: walk, topology: topology).last?.namespace
        let chain = name.flatMap { topology[namespace: $0] }?.netfilter.chains.first {
            $0.table == rule.table && $0.name == rule.chain && ($0.family == rule.family || rule.family.isEmpty)
                && ($0.backend == rule.backend || rule.backend == nil)
        }
        guard let name, let namespace = topology[namespace: name], let chain else {
            let verdict = told.verdict ?? "drop"
            return Candidate(
                finding: Finding(
                    code: verdict.hasPrefix("reject")
                        ? "rule-reject" : verdict.contains("policy") ? "policy-drop" : "rule-drop",
                    severity: .error, where: Finding.Place(namespace: name, hook: walk.stoppedAt?.hook),
                    message: "\(rule.words) ends the packet: \(rule.text ?? verdict)", rule: rule),
                isCertain: true)
        }
        let found = chain.rules.first {
            rule.handle != nil && $0.handle == rule.handle || rule.position != nil && $0.position == rule.position
        }
        var reference = rule
        reference.text = rule.text ?? found?.text
        reference.position = rule.position ?? found?.position
        reference.handle = rule.handle ?? found?.handle
        reference.backend = chain.backend
        let trace = TraceReading(context.rules)
        let event = trace.event(of: rule)
        let hook = event?.hook ?? chain.hook ?? walk.stoppedAt?.hook ?? .forward
        let site = RuleSite(namespace: namespace, inDevice: event?.inDevice, outDevice: event?.outDevice)
        let traversal = HookTraversal(site: site, hook: hook, families: [chain.family], device: chain.device)
        let verdict = (told.verdict ?? "drop").lowercased()
        let kind: HookResult.Ending.Kind =
            verdict.contains("policy") ? .policy : verdict.hasPrefix("reject") ? .reject("an error") : .drop
        let unmatched =
            kind == .policy
            ? traversal.lastMisses(of: chain, packet: packet)
            : traversal.misses(before: found?.position, in: chain, packet)
        let ending = HookResult.Ending(
            kind: kind, rule: reference, comment: found?.comment, chain: chain, path: trace.path(to: rule) ?? [],
            unmatched: unmatched, accepted: trace.accepted(before: rule))
        return projection.candidate(ending, traversal, packet, doubts: [])
    }

    /// The kernel gave a reason that nothing in the snapshot explains.
    private func kernelWord(_ reason: String, told: Told, packet: PacketState) -> Candidate? {
        let codes: [String: (code: FindingCode, words: String)] = [
            "IP_RPFILTER": ("reverse-path-filter", "its reverse path check refused the source \(packet.source)"),
            "PKT_TOO_BIG": ("mtu-exceeded", "it does not fit the next link and must not be fragmented"),
            "XDP": ("tc-drop", "an XDP program dropped it"),
            "TC_INGRESS": ("tc-drop", "a tc program at ingress dropped it"),
            "TC_EGRESS": ("tc-drop", "a tc program at egress dropped it"),
            "SOCKET_RCVBUFF": ("socket-buffer-full", "the socket's receive buffer is full"),
            "NEIGH_FAILED": ("neighbor-unresolved", "the next hop did not answer"),
            "NEIGH_QUEUEFULL": ("neighbor-unresolved", "the next hop has not answered yet, and too many packets wait"),
        ]
        let isQueue = Projection.queueReasons.contains(reason)
        guard let known = codes[reason] ?? (isQueue ? ("queue-full", "the queue of its device did") : nil) else {
            return nil
        }
        let place = told.namespace ?? WalkReading(walk: walk, topology: topology).last?.namespace
        return Candidate(
            finding: Finding(
                code: known.code, severity: .error,
                where: Finding.Place(namespace: place, hook: walk.stoppedAt?.hook, device: walk.stoppedAt?.device),
                message: "\(place ?? "the kernel") dropped the packet: \(known.words)",
                evidence: [.kernel("\(told.word ?? reason)\(told.location.map { " at \($0)" } ?? "")")]),
            isCertain: true, reasons: [reason])
    }

    /// What the cause says of the walk's outcome and end.
    private mutating func refine(_ cause: Candidate, _ reading: WalkReading) {
        guard cause.isCertain else { return }
        let finding = cause.finding
        let isOfRule = finding.rule != nil && !cause.stopsNeighbourDiscovery
        let hasLeft = reading.sightings.contains {
            $0.vantage == .link && topology[namespace: $0.namespace]?[device: $0.device ?? ""]?.kind != "loopback"
        }
        if walk.outcome == .rejected, !hasLeft, !isOfRule, isComplete {
            // It was the sender's own kernel that told it.
            walk.outcome = .unsent
        }
        if walk.outcome == .lost || walk.outcome == .dropped {
            if !hasLeft, !isOfRule, isComplete || finding.where.namespace == senderName(reading) {
                walk.outcome = .unsent
            } else if ["rule-reject", "service-without-endpoints"].contains(finding.code) {
                walk.outcome = .rejected
            } else if walk.outcome == .lost {
                walk.outcome = .dropped
            }
        }
        if walk.outcome == .dropped, let reply, reply.isICMPError, reply.outcome == .delivered {
            // The sender was told.
            walk.outcome = .rejected
        }
        var stop = walk.stoppedAt ?? Stop()
        stop.namespace = stop.namespace ?? finding.where.namespace
        stop.device = stop.device ?? finding.where.device
        stop.hook = stop.hook ?? finding.where.hook
        if stop.vantage == nil { stop.vantage = stop.hook == nil ? .link : .netfilter }
        if stop.rule == nil || stop.rule?.text == nil { stop.rule = finding.rule ?? stop.rule }
        walk.stoppedAt = stop
    }

    private func conclude(
        _ primary: Candidate, _ candidates: [Candidate], _ projection: Projection, _ told: Told, _ reading: WalkReading
    ) -> [Finding] {
        var cause = primary.finding
        cause.severity = primary.isCertain ? .error : .warning
        cause.checks = [Finding.Check(holds: primary.isCertain ? true : nil, text: cause.message)] + projection.checks
        if let reason = told.word {
            cause.evidence.append(.kernel("\(reason)\(told.location.map { " at \($0)" } ?? "")"))
        }
        if told.reason == nil, let words = context.nearbyDrops?.words(concerning: primary.reasons) {
            cause.evidence.append(words)
        }
        if let failure = told.failure { cause.evidence.append(.kernel("the sender got: \(failure.message)")) }
        if let last = reading.last { cause.evidence.insert(.seen("last at \(last.words)"), at: 0) }
        var findings = [cause]
        for candidate in candidates {
            var finding = candidate.finding
            let isKnown = findings.contains {
                $0.code == finding.code && $0.where == finding.where && $0.rule == finding.rule
            }
            if isKnown || !candidate.isCertain { continue }
            finding.severity = .warning
            finding.message = "next in line: \(finding.message)"
            findings.append(finding)
            if findings.count == 5 { break }
        }
        return findings
    }

    private func unexplained(
        _ reading: WalkReading, _ packet: PacketState, _ projection: Projection, _ told: Told
    ) -> Finding {
        let stop = reading.walk.stoppedAt
        let place = Finding.Place(
            namespace: told.namespace ?? stop?.namespace ?? reading.last?.namespace, hook: stop?.hook,
            device: stop?.device ?? reading.last?.device)
        let seen: [Fact] = reading.last.map { [.seen("last at \($0.words)")] } ?? []
        let expected = reading.walk.expectedNext.map { ", next expected at \($0.words)" } ?? ""
        if let reason = told.word {
            return Finding(
                code: "unknown-drop", severity: .warning, where: place,
                message:
                    "the kernel dropped the packet in \(place.namespace ?? "a namespace that it did not name") (\(reason)\(told.location.map { " at \($0)" } ?? "")); nothing in the state that was looked at says why",
                evidence: seen + [.kernel("\(reason)\(told.location.map { " at \($0)" } ?? "")")],
                checks: projection.checks)
        }
        if let failure = told.failure {
            return Finding(
                code: "send-failed", severity: .warning, where: Finding.Place(namespace: failure.namespace),
                message: "\(failure.namespace) could not send to \(packet.destination): \(failure.message)",
                evidence: [.kernel("the sender got: \(failure.message)")], checks: projection.checks)
        }
        let losses = isComplete ? "" : "; a source lost events meanwhile, so it may have gone on unseen"
        return Finding(
            code: "lost-unexplained", severity: .warning, where: place,
            message:
                "the packet was last seen at \(reading.last?.words ?? "its sender")\(expected); of what could stop it there nothing does\(losses)",
            evidence: seen + [context.nearbyDrops?.words()].compactMap(\.self), checks: projection.checks)
    }

    // MARK: It arrived

    private mutating func delivered(_ reading: WalkReading, _ packet: PacketState) -> [Finding] {
        guard let last = reading.last, let arrived = reading.packet(at: last) else { return [] }
        let place = topology[namespace: last.namespace]
        if let namespace = place, isRefused(packet, arrived) {
            walk.outcome = .rejected
            let findings = duplicate(reading, at: namespace.name, arrived.destination, asked: arrived)
            if !findings.isEmpty { return findings }
            var projection = Projection(context, flows: [])
            projection.checkSocket(arrived, namespace, reading.inDevice(at: last) ?? "")
            let candidate =
                projection.candidates.first
                ?? Projection(context, flows: []).noListener(arrived, namespace, reading.inDevice(at: last) ?? "")
            return finish(candidate, reading, told: reply.map { .seen("answered with \($0.summary)") })
        }
        guard let reply else {
            guard context.awaitedAnswer else { return [] }
            return unanswered(reading, packet)
        }
        let back = WalkReading(walk: reply, topology: topology)
        if reply.outcome != .delivered, reply.outcome != .left {
            return stoppedAnswer(back, reading, packet)
        }
        // It came back to somebody else?
        if reply.outcome == .delivered, let end = back.last, let sender = reading.sightings.first,
            end.namespace != sender.namespace, reading.sightings.count > 1
        {
            return duplicate(reading, at: end.namespace, packet.source)
        }
        // It came back from somebody who was not asked?
        if reply.outcome == .delivered, let end = back.last, packet.hasPorts, !reply.isICMPError,
            end.packet.source != walk.destination
        {
            var projection = Projection(context, flows: context.flows + reading.flows())
            projection.requestPassed = reading.namespaces
            var answer = arrived.answer
            answer.macSource = nil
            answer.macDestination = nil
            projection.run(answer, from: .send(namespace: last.namespace))
            if let sender = reading.sightings.first,
                let candidate = bypassedTranslation(reading, arrived, projection, sender: sender.namespace)
            {
                return finish(candidate, reading, told: .seen("the answer came from \(end.packet.source)"))
            }
        }
        return []
    }

    /// A RST, or a port unreachable from the destination itself.
    private func isRefused(_ packet: PacketState, _ arrived: PacketState) -> Bool {
        if packet.ipProtocol == .tcp, let reply, reply.summary.uppercased().contains("RST") { return true }
        if let reply, reply.protocol.hasPrefix("icmp"), reply.summary.lowercased().contains("port unreachable") {
            return true
        }
        return context.icmpErrors.contains { error in
            let isPort = error.source.isIPv4 ? error.type == 3 && error.code == 3 : error.type == 1 && error.code == 4
            return isPort && (error.source == arrived.destination || error.source == packet.destination)
        }
    }

    private mutating func stoppedAnswer(
        _ back: WalkReading, _ reading: WalkReading, _ packet: PacketState
    ) -> [Finding] {
        // A way back that does not exist is better told from the request's side.
        if let source = missingTranslation(reading, packet) {
            if back.walk.outcome == .unsent || back.walk.outcome == .lost || back.walk.outcome == .dropped,
                !back.flowsBackTranslated(reading)
            {
                let ordinary = unanswered(reading, packet)
                if let first = ordinary.first, first.code == source.finding.code { return ordinary }
            }
        }
        var answer = Examination(walk: back.walk, reply: nil, context: context)
        let findings = answer.stopped(back, request: reading)
        return findings
    }

    /// The finding that `address`, for which namespace `taker` got the packet or its answer, is held by another too;
    /// empty where it is not. `asked`: the packet that the taker refused.
    private func duplicate(
        _ reading: WalkReading, at taker: String, _ address: IPAddress, asked: PacketState? = nil
    ) -> [Finding] {
        var projection = Projection(context, flows: [])
        var holders = projection.holders(of: address, beside: taker)
        // An answer that went to another link's holder shows that there are two.
        if holders.count < 2, asked == nil { holders = projection.holders(of: address, first: taker) }
        guard holders.count > 1 else { return [] }
        projection.check(true, "\(address) is held by \(holders.map(\.words).joined(separator: " and "))")
        let candidate = projection.duplicateAddress(address, holders: holders, asked: asked)
        return finish(candidate, reading, told: asked == nil ? .seen("the answer came to \(taker)") : nil)
    }

    /// Arrived, or out of sight, and nothing came back.
    private mutating func unanswered(_ reading: WalkReading, _ packet: PacketState) -> [Finding] {
        guard let last = reading.last, let arrived = reading.packet(at: last), let sender = reading.sightings.first
        else {
            return []
        }
        let expectsAnswer =
            packet.isEchoRequest || packet.ipProtocol == .tcp && packet.tcpFlags.map { $0 & 18 == 2 } == true
        var checks: [Finding.Check] = []
        if walk.outcome == .left {
            guard expectsAnswer || packet.ipProtocol == .udp else { return [] }
            if let candidate = missingTranslation(reading, packet) { return finish(candidate, reading, told: nil) }
            if let candidate = routedElsewhere(reading, cause: nil, request: nil) {
                return finish(candidate, reading, told: nil)
            }
            guard expectsAnswer else { return [] }
            return [
                Finding(
                    code: "no-answer", severity: .warning,
                    where: Finding.Place(namespace: last.namespace, device: last.device),
                    message:
                        "the packet left \(last.namespace) by \(last.device ?? "its way out") and no answer came; what is beyond can't be seen from here\(unseenAnswer)",
                    evidence: [.seen("last at \(last.words)")])
            ]
        }
        guard let namespace = topology[namespace: last.namespace] else { return [] }
        // Who takes it there? It was seen to come in, not to be taken.
        var socket = Projection(context, flows: context.flows + reading.flows())
        if last.vantage == .socket {
            if packet.ipProtocol == .udp || expectsAnswer { socket.checkSocket(arrived, namespace, "") }
        } else if let start = reading.start(sender: nil) {
            socket.run(arrived, from: start)
        }
        checks += socket.checks
        let mine = socket.candidates.filter { candidate in candidate.finding.where.namespace == last.namespace }
        if let stopping = mine.first(where: { $0.finding.rule != nil || $0.finding.code == "reverse-path-filter" }),
            stopping.isCertain
        {
            walk.outcome = .lost
            refine(stopping, reading)
            return conclude(stopping, mine, socket, Told(examination: self, reading: reading), reading)
        }
        if let candidate = socket.candidates.first(where: { candidate in
            // Without a refusal only what explains a silence counts for TCP.
            packet.ipProtocol != .tcp
                || ["listener-elsewhere", "no-listener", "port-not-published"].contains(candidate.finding.code)
                || candidate.finding.code == "echo-ignored"
        }) {
            let isSilent = ["echo-ignored", "socket-buffer-full"].contains(candidate.finding.code)
            var found = candidate
            if !isSilent, packet.ipProtocol == .tcp { found.isCertain = false }
            if found.isCertain, found.finding.code == "socket-buffer-full" { walk.outcome = .dropped }
            return finish(found, reading, told: nil)
        }
        guard expectsAnswer || packet.ipProtocol == .udp else { return [] }

        var projection = Projection(context, flows: context.flows + reading.flows())
        projection.requestPassed = reading.namespaces
        var answer = arrived.answer
        answer.macSource = nil
        answer.macDestination = nil
        projection.run(answer, from: .send(namespace: last.namespace))
        let isBack = projection.end == .delivered(namespace: sender.namespace)

        if let candidate = bypassedTranslation(reading, arrived, projection, sender: sender.namespace) {
            return finish(candidate, reading, told: nil)
        }
        if case .delivered(let name) = projection.end, !isBack, topology[namespace: name]?.holds(packet.source) == true
        {
            return duplicate(reading, at: name, packet.source)
        }
        let blocking = projection.candidates.first(where: \.isCertain) ?? projection.candidates.first
        if !isBack || blocking != nil, let candidate = missingTranslation(reading, packet) {
            return finish(candidate, reading, told: nil, checks: projection.checks)
        }
        if let blocking, blocking.finding.code == "duplicate-address" || blocking.isCertain || expectsAnswer {
            if blocking.finding.code == "no-route", blocking.finding.where.namespace == last.namespace {
                let choice = projection.route(answer, namespace, inDevice: nil)
                return finish(
                    projection.noReturnPath(answer, at: namespace, choice, request: walk), reading, told: nil,
                    checks: projection.checks)
            }
            if let better = routedElsewhere(reading, cause: blocking, request: nil) {
                return finish(better, reading, told: nil, checks: projection.checks)
            }
            var found = blocking
            if !expectsAnswer { found.isCertain = false }
            found.finding.evidence.append(
                .seen("the request arrived in \(last.namespace); it is the answer that stops"))
            let told = Told(examination: self, reading: reading)
            return conclude(found, projection.candidates, projection, told, reading)
        }
        guard expectsAnswer else { return [] }
        return [
            Finding(
                code: "no-answer", severity: .warning, where: Finding.Place(namespace: last.namespace),
                message:
                    "the packet arrived in \(last.namespace) and no answer was seen; of what could stop the answer nothing does\(unseenAnswer)",
                evidence: [.seen("last at \(last.words)")], checks: projection.checks + checks)
        ]
    }

    private func finish(
        _ candidate: Candidate, _ reading: WalkReading, told: Fact?, checks: [Finding.Check] = []
    ) -> [Finding] {
        var finding = candidate.finding
        finding.severity = candidate.isCertain ? .error : .warning
        if let last = reading.last { finding.evidence.insert(.seen("last at \(last.words)"), at: 0) }
        if let told { finding.evidence.append(told) }
        finding.checks = [Finding.Check(holds: candidate.isCertain ? true : nil, text: finding.message)] + checks
        return [finding]
    }

    /// The last router before the end: did it let a private source out?
    private func missingTranslation(_ reading: WalkReading, _ packet: PacketState) -> Candidate? {
        let sightings = reading.sightings
        guard let end = sightings.last else { return nil }
        // The namespace that handed it over: the last one with a way out.
        let isLeft = reading.walk.outcome == .left
        let handing = sightings.last {
            $0.vantage == .link && $0.direction == .out && (isLeft || $0.namespace != end.namespace)
        }
        guard let handing, let device = handing.device, let router = topology[namespace: handing.namespace],
            var seen = reading.packet(at: handing)
        else { return nil }
        seen.isSourceTranslated = nil
        let inDevice = reading.inDevice(at: handing)
        guard inDevice != nil else { return nil }
        return Projection(context, flows: []).missingSourceTranslation(
            seen, at: router, inDevice: inDevice, outDevice: device, isProven: !isLeft)
    }

    /// The destination was translated on the way here, the source not, and the answer does not come by the translator.
    private func bypassedTranslation(
        _ reading: WalkReading, _ arrived: PacketState, _ projection: Projection, sender: String
    ) -> Candidate? {
        for flow in reading.flows() + context.flows where flow.original.destination != flow.reply.source {
            guard flow.reply.source == arrived.destination, flow.reply.destination == arrived.source,
                flow.reply.destination == flow.original.source, let router = topology[namespace: flow.namespace],
                flow.namespace != reading.last?.namespace
            else { continue }
            let comesBy = projection.routers.contains { $0.namespace == flow.namespace }
            if comesBy { continue }
            guard projection.end == .delivered(namespace: sender) else { continue }
            let rule =
                reading.sightings.filter { $0.namespace == flow.namespace }.flatMap(\.rules).last {
                    $0.table == "nat" || ($0.verdict ?? "").contains("dnat")
                } ?? router.netfilter.nat.first { $0.kind == "dnat" }?.rule
            return projection.hairpin(
                arrived, router: router, rule: rule, source: sender, target: reading.last?.namespace ?? "")
        }
        return nil
    }

    /// Policy routing sent it where it stopped, while the main table's way is free: proven by projecting that way.
    private func routedElsewhere(
        _ reading: WalkReading, cause: Candidate?, request: WalkReading?, routers: [Projection.Router] = []
    ) -> Candidate? {
        guard request == nil, let first = reading.packet() else { return nil }
        var names: [String] = []
        for sighting in reading.sightings where names.last != sighting.namespace { names.append(sighting.namespace) }
        if names.isEmpty, let sender = sender(reading, first) { names = [sender] }
        // Then those that the projection came to, up to where it stopped.
        for router in routers where !names.contains(router.namespace) { names.append(router.namespace) }
        if let place = cause?.finding.where.namespace, !names.contains(place) { names.append(place) }
        for name in names {
            guard let namespace = topology[namespace: name], namespace.rules.contains(where: { !$0.isDefault }) else {
                continue
            }
            let entry = reading.sightings.first { $0.namespace == name }
            let projected = entry == nil ? routers.last { $0.namespace == name } : nil
            var packet = entry.flatMap { reading.packet(at: $0) } ?? projected?.packet ?? first
            var isSender = entry.map { $0.direction != .in || $0.vantage != .link } ?? (projected?.inDevice == nil)
            var inDevice = isSender ? nil : projected?.inDevice ?? entry.flatMap { reading.inDevice(at: $0) }
            if entry == nil, projected == nil, let device = cause?.finding.where.device {
                isSender = false
                inDevice = device
            }
            // The rules may mark it before routing looks.
            let site = RuleSite(namespace: namespace, inDevice: inDevice)
            let families: Set = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
            packet =
                HookTraversal(site: site, hook: isSender ? .output : .prerouting, families: families).run(packet).packet
            if let marked = reading.sightings.first(where: { $0.namespace == name && ($0.packet.mark ?? 0) != 0 }) {
                packet.mark = marked.packet.mark ?? packet.mark
            }
            let chosen = Projection(context, flows: []).route(packet, namespace, inDevice: inDevice)
            let main = namespace.lookUpRoute(
                to: packet.destination, source: packet.source, mark: packet.mark, inDevice: inDevice, mainOnly: true)
            guard let rule = chosen.rule, !rule.isDefault, chosen.kind != "local", main.kind != nil,
                main.device != chosen.device || main.gateway != chosen.gateway || main.kind != chosen.kind
            else { continue }
            var other = Projection(context, flows: [])
            other.usesMainTableOnly = true
            if isSender {
                other.run(packet, from: .send(namespace: name))
            } else {
                other.run(
                    packet,
                    from: .hook(namespace: name, hook: .prerouting, priority: .min, inDevice: inDevice, outDevice: nil))
            }
            guard !other.candidates.contains(where: \.isCertain) else { continue }
            switch other.end {
            case .stopped: continue
            case .left, .delivered: break
            }
            let place: CommandWords = rule.priority > 1 ? "priority \(rule.priority - 1)" : ""
            let mark = rule.mark != nil ? " (the packet's mark is 0x\(String(packet.mark, radix: 16)))" : ""
            return Candidate(
                finding: Finding(
                    code: "routed-elsewhere", severity: .error,
                    where: Finding.Place(namespace: name, device: chosen.device),
                    message:
                        "the rule \"\(rule.text)\"\(mark) in \(name) sends the packet by \(chosen.text), where it gets no further; the main table's \(main.text) would carry it",
                    evidence: [
                        .state("ip rule \(rule.text) in \(name)"), Fact(chosen.evidence, chosen.text),
                        .state("main table: \(main.text)"),
                    ] + (cause.map { [.state("there: \($0.finding.message)")] } ?? []),
                    remedy: Remedy([
                        .ip(
                            namespace, packet.destination.family,
                            "rule add from \(packet.source) to \(packet.destination) lookup main \(words: place)")
                    ])),
                isCertain: cause?.isCertain ?? true, reasons: cause?.reasons ?? [])
        }
        return nil
    }
}

extension DiagnosisContext {
    /// Takes up what a walk's end says in words: the ICMP error that came, or the sender's errno.
    mutating func read(_ stop: Stop, of walk: Walk) {
        guard let reason = stop.reason else { return }
        let words = reason.split(separator: " ")
        if words.count == 7, words[0].hasPrefix("ICMP"), let type = UInt8(words[2]), let code = UInt8(words[4]),
            let source = IPAddress(words[6]), icmpErrors.isEmpty
        {
            icmpErrors.append(ICMPError(source: source, type: type, code: code))
        }
        if sendFailures.isEmpty, let open = reason.firstRange(of: " (errno "), let namespace = stop.namespace,
            let number = Int32(reason[open.upperBound...].dropLast()), let destination = IPAddress(walk.destination)
        {
            let unspecified = destination.isIPv4 ? IPAddress(ipv4: 0) : IPAddress(high: 0, low: 0)
            sendFailures.append(
                SendFailure(
                    timeNanoseconds: 0, namespace: namespace,
                    tuple: FlowTuple(
                        source: IPAddress(walk.source) ?? unspecified, destination: destination,
                        sourcePort: walk.sourcePort ?? 0, destinationPort: walk.destinationPort ?? 0,
                        ipProtocol: IPProtocol(rawValue: protocolNumber(walk.protocol) ?? 0)),
                    errorNumber: number, message: String(reason[..<open.lowerBound])))
        }
    }
}

extension WalkReading {
    /// Whether the answer was sent to a translated address, so that a source translation did happen.
    func flowsBackTranslated(_ request: WalkReading) -> Bool {
        walk.destination != request.walk.source
    }
}

extension Hop {
    /// `host mybridge in`, `host forward, filter`.
    var words: String {
        var parts = [namespace]
        if vantage == .netfilter, let hook {
            parts.append(hook.rawValue + (stage.map { ", \($0.rawValue)" } ?? ""))
        } else {
            if let device { parts.append(device) }
            if vantage == .socket { parts.append("socket") }
            if let direction { parts.append(direction.rawValue) }
        }
        return parts.joined(separator: " ")
    }
}

extension HookTraversal {
    /// The rules before a position that did not match, the nearest eight.
    func misses(before position: Int?, in chain: RuleChain, _ packet: PacketState) -> [Finding.Miss] {
        var shortened = chain
        if let position { shortened.rules = chain.rules.filter { $0.position < position } }
        return lastMisses(of: shortened, packet: packet)
    }
}
