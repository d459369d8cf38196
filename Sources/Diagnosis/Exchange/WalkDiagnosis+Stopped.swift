internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// A packet that stopped on its path.
extension WalkDiagnosis {
    /// The cause is what the witnesses name, unless policy routing sent the packet where it stopped. Where they name
    /// nothing, the packet may wait for a neighbour whose answer is stopped elsewhere; else it stays unexplained.
    ///
    /// - Parameter request: the walk that this one answers.
    mutating func stopped(_ reading: WalkReading, request: WalkReading?) -> [Finding] {
        guard var first = reading.packet() else { return [] }
        first.isReply = reading.isReply(context.flows)
        var packet = reading.last.flatMap { reading.packet(at: $0) } ?? first
        packet.isReply = first.isReply
        // The reply to an echo is as long as its request, and the first sighting of it tells of no cut before.
        if let request, request.isFragmentedEcho { packet.isFragmented = true }
        let path = findingsAhead(of: packet, first, reading, request)
        let carrier = reading.last.flatMap { reading.carrier(at: $0) }
        let stop = StoppedPacket(reading, packet: carrier?.packet ?? packet, context, path)
        var candidates = stop.candidates
        var cause = Witness.cause(of: stop)
        if let nearer = ledThere(reading, request: request, path.path, candidates, cause: cause) {
            // What else stands on the path that it should not have taken is of no concern, nor is a fix there.
            candidates = []
            cause = nearer
        }
        if request == nil, cause?.finding.rule == nil, let older = unmetTranslation(reading), older.isCertain {
            if let cause { candidates.insert(cause, at: 0) }
            cause = older
        }
        if let ended = cause, let forgotten = forgottenConnection(behind: ended, on: path.path, reading) {
            candidates.removeAll { $0.finding.rule == ended.finding.rule }
            cause = forgotten
        } else if let ended = cause, let forgotten = forgottenConnection(without: ended, reading) {
            cause = forgotten
        }
        // What a SYN proxy takes goes no further, and the rules after it say nothing of it.
        if !stop.report.isDirect, cause?.isBehindProxy ?? true, isTakenByProxy(reading) {
            if request == nil { walk.outcome = .delivered }
            return []
        }
        if cause == nil { cause = SourcePortsExhausted().candidate(stop, reading) }
        if cause == nil, isComplete { cause = neighbourQuestionStopped(stop) }
        guard var cause else {
            // NAT keeps back redirects of a connection that it translates (nf_nat_icmp_reply_translation): nobody's
            // fault.
            let isKept =
                stop.report.reason == .netfilterDrop || stop.report.fact == nil && reading.walk.outcome == .lost
            if reading.walk.isRedirect, isKept { return [] }
            return [unexplained(stop)]
        }
        if !isComplete, !stop.report.isDirect {
            cause.isCertain = false
            cause.finding.evidence.append(
                Fact(nil, "a source lost events meanwhile: that a hop was not seen is inconclusive"))
        }
        if request == nil { refine(cause, reading) }
        cause = withReplies(cause, packet, path.path)
        let found = findings(of: cause, next: candidates, path, stop.report, reading)
        if request == nil, let stale = staleForwardAhead(on: path.path, cause: found[0]) {
            return finding(of: stale, reading, checks: found[0].checks) + found.dropFirst()
        }
        return found
    }

    /// With what kept the sender from learning why its packet went no further: an ICMP error was sent, and stopped on its way.
    func withStoppedError(_ findings: [Finding], _ reading: WalkReading) -> [Finding] {
        guard let reply, reply.isICMPError, reply.hasStopped, let cause = findings.first, cause.severity == .error
        else {
            return findings
        }
        var diagnosis = WalkDiagnosis(walk: reply, reply: nil, context: context.about(reply))
        let back = WalkReading(walk: reply, topology: topology)
        guard var stop = diagnosis.stopped(back, request: reading).first, stop.severity == .error,
            let place = stop.where.namespace
        else { return findings }
        var result = findings
        let by = stop.rule.map { ", by \($0.words)" }
        let isOfSize = cause.code == MTUExceeded().code
        let what = isOfSize ? "the one" : "the ICMP error"
        result[0].message += "; \(what) from \(reply.source) was stopped in \(place)\(by ?? "")"
        stop.severity = .warning
        stop.message = "keeps the sender from learning \(isOfSize ? "of the smaller MTU" : "of it"): \(stop.message)"
        result.insert(stop, at: 1)
        return result
    }

    /// Why the packet came to where it stopped at all: the first reason that is found is the cause, and what stopped it there
    /// comes after.
    private func ledThere(
        _ reading: WalkReading, request: WalkReading?, _ path: ForwardPath, _ candidates: [Candidate], cause: Candidate?
    ) -> Candidate? {
        let isRequest = request == nil
        return redirected(reading) ?? (isRequest ? routedElsewhere(reading, cause: cause, routers: path.routers) : nil)
            ?? wrongRoute(reading, request: request, routers: path.routers, cause: cause)
            ?? (isRequest ? emptyTable(reading, cause: cause) : nil)
            ?? (isRequest ? ledAstray(reading, cause: cause) ?? strayedFromLink(reading, cause: cause) : nil)
            ?? routingLoop(reading, path, candidates, cause: cause)
    }

    /// The rule that will send the packet to where the cause is, and is left over: the packet was not seen behind it.
    private func staleForwardAhead(on path: ForwardPath, cause: Finding) -> Candidate? {
        guard let diversion = Diversion(ahead: path),
            let hook = path.steps.firstIndex(where: { step in
                if case .hook(let hook) = step { return hook.result.translation?.rule == diversion.rule }
                return false
            })
        else { return nil }
        var before = path
        before.steps = Array(path.steps[...hook])
        let isBehind = !PathFindings(before).candidates.contains {
            $0.finding.code == cause.code && $0.finding.where == cause.where
        }
        return isBehind ? StaleForward().candidate(diversion, cause: cause, context.graph) : nil
    }

    /// Everything ahead of where the packet was last seen that could stop it, but for what is proven that it passed.
    private func findingsAhead(
        of packet: PacketState, _ first: PacketState, _ reading: WalkReading, _ request: WalkReading?
    ) -> PathFindings {
        var inputs = inputs(request ?? reading)
        inputs.requestPassed = request?.namespaces
        inputs.requestEntries = request?.requestEntries() ?? [:]
        inputs.arrivalPort = reading.arrivalPort
        inputs.handover = reading.handover(inputs)
        inputs.sender = reading.sender
        let start = reading.start(sender: sender(reading, packet))
        let path =
            start.map {
                ForwardPath(
                    of: packet, from: $0, inside: reading.last.flatMap { reading.carrier(at: $0) }, origin: first,
                    inputs)
            } ?? ForwardPath(origin: first, inputs)
        let met = request == nil ? Diversion(reading)?.translation : nil
        let isHeld = waitsInBridge(reading, packet, path)
        var findings = PathFindings(
            path, boundary: isHeld ? nil : boundary(reading), translations: met.map { [$0] } ?? [])
        if let last = reading.last { findings.removeCandidates { $0.isBefore(last) } }
        let trace = TraceReading(context.rules)
        for refuted in findings.candidates where isPassed(refuted, trace) {
            let words = refuted.finding.rule?.name ?? "a rule"
            findings.note(
                Finding.Check(holds: false, text: "\(words): the trace shows that the packet passed it"))
        }
        findings.removeCandidates { isPassed($0, trace) }
        findings.append(stoppedNeighbourAnswers(path))
        return findings
    }

    /// Where the packet was expected next, unless a source lost events.
    private func boundary(_ reading: WalkReading) -> PathFindings.Boundary? {
        guard isComplete, let next = reading.walk.expectedNext else { return nil }
        if next.vantage == .link, let device = next.device, let direction = next.direction {
            return .port(LayerTwoPath.Port(namespace: next.namespace, device: device), direction)
        }
        return next.hook.map { hook in
            let isSame = reading.last.map { $0.namespace == next.namespace && $0.hook == hook } ?? false
            return isSame
                ? .endOfHook(namespace: next.namespace, hook) : .hook(namespace: next.namespace, hook)
        }
    }

    /// Whether it came in by a bridge, whose rules translated its destination to one on the same bridge: then the bridge
    /// sends it on itself, and the neighbour's address is looked for before any other hook
    /// (`br_nf_pre_routing_finish_bridge`).
    private func waitsInBridge(_ reading: WalkReading, _ packet: PacketState, _ path: ForwardPath) -> Bool {
        guard let last = reading.last, let router = path.routers.first,
            // Where hooks are not watched, it was seen at the bridge's port only.
            last.hook == .prerouting || last.vantage == .link && last.direction == .in && reading.arrivalPort != nil,
            packet.isDestinationTranslated == true || router.packet.isDestinationTranslated == true,
            let bridge = reading.inDevice(at: last), let namespace = topology[namespace: last.namespace],
            namespace[device: bridge]?.kind == .bridge,
            namespace.settings.bridgeCallsChains(packet.destination.family)?.isOn == true
        else { return false }
        return router.choice.device == bridge
    }

    /// A rule of a base chain of which the kernel's trace says that the packet came through it.
    private func isPassed(_ candidate: Candidate, _ trace: TraceReading) -> Bool {
        // The packet inside passes the same chains before and after, and the first fragment passes before the others.
        // Neighbour discovery has packets of its own.
        guard
            candidate.traits.isDisjoint(with: [.isOfCarrier, .isOfFragment, .followsRule, .stopsNeighbourDiscovery]),
            let rule = candidate.finding.rule, let namespace = candidate.finding.where.namespace,
            !walk.losses.contains(where: \.isOfRuleTrace)
        else { return false }
        return trace.passed(
            family: rule.family, table: rule.table, baseChain: candidate.finding.path.first?.chain ?? rule.chain,
            namespace: namespace)
    }

    /// A packet that waits for its neighbour's address goes no further, and what stops the question is where the packet
    /// never came. Only what stops ARP and neighbour discovery too counts.
    private func neighbourQuestionStopped(_ stop: StoppedPacket) -> Candidate? {
        // For another packet's next hop this one does not wait.
        let hops = stop.findings.path.routers.filter { $0.namespace == stop.last?.namespace }.map {
            $0.choice.gateway ?? $0.packet.destination
        }
        guard stop.report.rule == nil, stop.report.reason == nil, let last = stop.last,
            let device = stop.nextDevice(after: last), let namespace = topology[namespace: last.namespace],
            let waiting = namespace.neighbors.first(where: {
                $0.device == device && $0.state.isUnresolved && (hops.isEmpty || hops.contains($0.address))
            })
        else { return nil }
        let fitting = stop.candidates.filter { candidate in
            candidate.traits.contains(.stopsNeighbourDiscovery)
                || candidate.traits.contains(.stopsEveryFrame) && candidate.finding.rule == nil
        }
        if var cause = fitting.first(where: \.isCertain) ?? fitting.first {
            cause.finding.evidence.append(
                .seen("no reply from the next hop of \(last.namespace) on \(device)"))
            return cause
        }
        return NeighborUnresolved().waiting(for: waiting, in: last.namespace, on: device, path: stop.findings.path)
    }

    private func unexplained(_ stop: StoppedPacket) -> Finding {
        let end = stop.walk.stoppedAt
        let place = Finding.Place(
            namespace: stop.report.namespace ?? end?.namespace ?? stop.last?.namespace, hook: end?.hook,
            device: end?.device ?? stop.last?.device)
        if stop.report.fact != nil { return UnknownDrop().finding(stop, at: place) }
        if let failure = stop.report.failure { return SendFailed().finding(failure, stop) }
        return LostUnexplained().finding(stop, at: place, isComplete: isComplete)
    }
}

extension StoppedPacket {
    /// The device at which a packet was expected that was last seen on its way out of the same namespace.
    fileprivate func nextDevice(after last: Hop) -> String? {
        guard let next = walk.expectedNext else { return last.hook == .postrouting ? last.device : nil }
        return next.vantage == .link && next.namespace == last.namespace ? next.device : nil
    }
}

extension Candidate {
    /// Whether it may stop only what a SYN proxy, which works in the hooks input and forward, has let pass.
    fileprivate var isBehindProxy: Bool {
        !isCertain || finding.where.hook == .input || finding.where.hook == .forward
    }

    /// Whether it is a rule of a hook that the packet was seen to have passed. A rule that stops neighbour discovery met
    /// another packet: the hooks that this one passed say nothing of it.
    fileprivate func isBefore(_ last: Hop) -> Bool {
        guard last.vantage == .netfilter, let seen = last.hook, let hook = finding.where.hook,
            finding.where.namespace == last.namespace, finding.rule != nil,
            traits.isDisjoint(with: [.followsRule, .stopsNeighbourDiscovery]),
            traits.contains(.isOfCarrier) == (last.packet.encapsulation != nil)
        else { return false }
        let order = NetfilterHook.known
        guard let one = order.firstIndex(of: hook), let other = order.firstIndex(of: seen) else { return false }
        return one < other
    }
}
