internal import Ruleset
internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// A packet that stopped on its path, with all that the witnesses look at.
struct StoppedPacket {
    let walk: Walk
    /// As it was last seen.
    let packet: PacketState
    let last: Hop?
    let context: DiagnosisContext
    let report: KernelReport
    let findings: PathFindings

    var candidates: [Candidate] { findings.candidates }
    /// The candidates before the place where the packet was expected next and not seen, without rules whose counters did not
    /// rise.
    let eligible: [Candidate]

    init(_ reading: WalkReading, packet: PacketState, _ context: DiagnosisContext, _ findings: PathFindings) {
        walk = reading.walk
        last = reading.last
        self.packet = packet
        self.context = context
        self.findings = findings
        report = KernelReport(reading.walk, context)
        eligible = findings.eligible.filter { $0.count?.rise != 0 }
    }

    /// Whether a candidate shows by a drop reason, in the namespace in which the kernel gave it.
    func fits(_ candidate: Candidate, _ reason: DropReason) -> Bool {
        // Who did not answer for the next hop, and why, is in another namespace than the one that gave up.
        let isNeighbour = reason.rawValue.hasPrefix("NEIGH_") && reason != "NEIGH_CREATEFAIL"
        if isNeighbour, candidate.traits.contains(.stopsNeighbourDiscovery) { return true }
        let isPlace =
            report.namespace == nil || candidate.finding.where.namespace == report.namespace || isNeighbour
            || candidate.traits.contains(.isElsewhere)
        return isPlace
            && (candidate.reasons.contains(reason) || candidate.reasons.isEmpty && reason == .notSpecified)
    }

    /// The cause where the kernel's reason alone says it, and nothing in the configuration explains it.
    func explained(by reason: DropReason) -> Candidate? {
        guard let (obstacle, words) = Catalogue.explanation(of: reason, packet) else {
            return MTUExceeded().unseenEnd(self) ?? KernelRefusal().ipsec(self)
                ?? KernelRefusal().candidate(reason, self)
        }
        let place = report.namespace ?? last?.namespace
        return obstacle.candidate(
            at: Finding.Place(namespace: place, hook: walk.stoppedAt?.hook, device: walk.stoppedAt?.device),
            "\(place ?? "the kernel") dropped the packet: \(words)", evidence: report.fact.map { [$0] } ?? [],
            isCertain: !obstacle.traits.contains(.isSymptom), reasons: [reason])
    }

    // MARK: A traced rule

    /// The candidate for the rule that the trace names.
    func traced(_ rule: RuleReference) -> Candidate {
        let trace = TraceReading(context.rules)
        let same = candidates.first { $0.finding.rule.map { $0.isSame(as: rule) } ?? false }
        // An accept in a base chain before can only be known from the trace where a condition can't be told.
        let isWhole = trace.accepted(before: rule).isEmpty || same?.traits.contains(.namesAccept) == true
        var match = (isWhole ? same : nil) ?? unforeseen(rule, trace)
        match.isCertain = true
        match.finding.evidence.insert(.rule("traced: \(rule.name)"), at: 0)
        if let path = trace.path(to: rule) { match.finding.path = path }
        // That the rules as they were read say something else is reported, not hidden.
        if let expected = candidates.first(where: { $0.isCertain && $0.finding.rule != nil }),
            let other = expected.finding.rule, !other.isSame(as: rule),
            expected.finding.where.namespace == match.finding.where.namespace,
            expected.finding.where.hook == match.finding.where.hook
        {
            match.finding.evidence.append(
                .state("by the rules as they were read, \(other.name) would have ended it; the trace takes precedence")
            )
        }
        return match
    }

    /// A rule that the path as configured does not come to.
    private func unforeseen(_ rule: RuleReference, _ trace: TraceReading) -> Candidate {
        let name = report.namespace ?? walk.stoppedAt?.namespace ?? last?.namespace
        guard let namespace = name.flatMap({ context.topology[namespace: $0] }),
            let chain = namespace.netfilter.chains.first(where: { $0.holds(rule) })
        else { return unknown(rule, in: name) }
        let found = chain.rule(rule)
        let event = trace.event(of: rule)
        // The trace of a policy names no device.
        let inDevice = last.flatMap { last in
            last.namespace == namespace.name
                ? WalkReading(walk: walk, topology: context.topology).inDevice(at: last) : nil
        }
        let traversal = HookTraversal(
            site: RuleSite(
                namespace: namespace, inDevice: event?.inDevice ?? inDevice, outDevice: event?.outDevice),
            hook: event?.hook ?? chain.hook ?? walk.stoppedAt?.hook ?? .forward, families: [chain.family],
            device: chain.device)
        let kind = namespace.proxied(by: rule).map { .proxy($0) } ?? report.endingKind
        let unmatched =
            kind == .policy
            ? traversal.lastMisses(of: chain, packet: packet)
            : traversal.lastMisses(of: chain, before: found?.position, packet: packet)
        let ending = HookResult.Ending(
            kind: kind, rule: chain.completed(rule, from: found), comment: found?.comment, chain: chain,
            path: trace.path(to: rule) ?? [], unmatched: unmatched, accepted: trace.accepted(before: rule))
        var surroundings = Surroundings(findings.path.inputs, origin: findings.path.origin)
        for case .hook(let hook) in findings.path.steps { surroundings.note(hook) }
        return Catalogue.candidate(
            for: RuleEnding(ending: ending, traversal: traversal, packet: packet), surroundings)
    }

    /// A rule of a chain that could not be read.
    private func unknown(_ rule: RuleReference, in namespace: String?) -> Candidate {
        let verdict = report.verdict ?? .drop
        let obstacle: any Obstacle =
            if verdict.isReject { RuleReject() } else if verdict.isPolicy { PolicyDrop() } else { RuleDrop() }
        return obstacle.candidate(
            at: Finding.Place(namespace: namespace, hook: walk.stoppedAt?.hook),
            "\(rule.name) ends the packet: \(rule.text ?? verdict.rawValue)", evidence: [], rule: rule)
    }
}

extension RuleReference {
    /// Whether two references, of which either may know less, are to one rule.
    func isSame(as other: RuleReference) -> Bool {
        guard family == other.family || family.rawValue.isEmpty || other.family.rawValue.isEmpty, table == other.table,
            chain == other.chain
        else { return false }
        if let backend, let wanted = other.backend, backend != wanted { return false }
        if let handle, let wanted = other.handle { return handle == wanted }
        return position == other.position
    }
}

extension Namespace {
    /// The proxy that a rule gives packets to; nil for a rule that does something else.
    fileprivate func proxied(by rule: RuleReference) -> TransparentProxy? {
        for case .transparentProxy(let proxy) in netfilter.compiled.rule(rule)?.actions ?? [] { return proxy }
        return nil
    }
}

extension RuleChain {
    fileprivate func holds(_ rule: RuleReference) -> Bool {
        table == rule.table && name == rule.chain && (family == rule.family || rule.family.rawValue.isEmpty)
            && (backend == rule.backend || rule.backend == nil)
    }

    /// The rule of this chain that a reference is to.
    fileprivate func rule(_ reference: RuleReference) -> Rule? {
        rules.first {
            reference.handle != nil && $0.handle == reference.handle
                || reference.position != nil && $0.position == reference.position
        }
    }

    /// A reference with what the chain knows of the rule.
    fileprivate func completed(_ reference: RuleReference, from rule: Rule?) -> RuleReference {
        var copy = reference
        copy.text = reference.text ?? rule?.text
        copy.position = reference.position ?? rule?.position
        copy.handle = reference.handle ?? rule?.handle
        copy.backend = backend
        return copy
    }
}
