internal import Network
internal import Observations
internal import Probes
internal import Snapshot
internal import WalkModel
internal import Wire

/// The search for a cause, where no fix has shown it.
extension FailureExperiment {
    var home: String { snapshot.namespaces.first?.name ?? "host" }

    /// What was found by experiment, and what it was judged by.
    struct Search: Sendable {
        var goal: PacketGoal
        var result: CauseSearch.Result
        /// How many changes there are to try.
        var changeCount: Int
        /// Those that the first finding speaks of.
        var named: [Candidate]
    }

    /// Looks for the cause; nil where the packet alone is answered.
    ///
    /// - Parameter isFutile: whether nobody wants to know it any more.
    func look(
        for exchange: Exchange, isFutile: @escaping @Sendable () -> Bool = { false }
    ) -> Result<Search?, TrialError> {
        Result { () throws(TrialError) in
            let packet = TrialPacket(from: from, request)
            guard let goal = try PacketGoal.of(packet, in: trials, topology, options: patient) else { return nil }
            return try search(exchange, goal, isFutile)
        }
    }

    private func search(
        _ exchange: Exchange, _ goal: PacketGoal, _ isFutile: @escaping @Sendable () -> Bool
    ) throws(TrialError) -> Search {
        var catalogue = ChangeCatalogue(topology: topology, snapshot: snapshot, request: request, from: from)
        catalogue.metRules = metRules
        let changes = catalogue.changes
        let scope = TwinCommands(topology, home: home, files: trials.namespaceFiles).scope
        var search = CauseSearch { changes, strictly throws(TrialError) in
            try goal.isReached(Self.change(changes, scope, strictly: strictly))
        }
        search.trialLimit = trialLimit
        search.secondLimit = secondLimit
        search.isCancelled = isFutile
        let progress = progress
        search.progress = { count, changes in
            progress(
                "trial \(count): \(changes.first?.condition ?? "no change"), and \(max(0, changes.count - 1)) more")
        }
        let reached = Nearness(exchange.failing, exchange)
        let first = firstCause(of: exchange)
        let named = first.map { finding in changes.filter { $0.isNamed(by: finding) } } ?? []
        let result = try search.search(changes, named: named, sets: catalogue.ways) { reached.distance(of: $0) }
        return Search(goal: goal, result: result, changeCount: changes.count, named: named)
    }

    /// The finding whose change is tried before all others; nil where findings are not to be used.
    private func firstCause(of exchange: Exchange) -> Finding? {
        usesFindings ? exchange.request.findings.first { $0.severity != .info } : nil
    }

    /// Puts what was found into the report.
    func tell(_ search: Search?, in report: inout Report, without: String) throws(TrialError) {
        let scope = TwinCommands(topology, home: home, files: trials.namespaceFiles).scope
        guard let search else {
            report.remark = "no cause is looked for: the packet alone is answered in the rebuilt network"
            return
        }
        let (goal, result) = (search.goal, search.result)
        // A packet that was answered before all is judged by something else.
        let walk = report.exchange.failing
        report.trialCount += result.trialCount
        report.seconds = result.seconds
        report.causes = result.causes
        guard !result.causes.isEmpty else {
            let words =
                "no single change makes the packet arrive: \(result.trialCount) trials of \(search.changeCount) changes"
                + (result.isCutShort ? ", not all of them were made" : "")
            report.remark = report.remark.map { "\($0); \(words)" } ?? words
            return
        }
        let effects = rank(&report, scope)
        if let finding = firstCause(of: report.exchange),
            let index = report.exchange.request.findings.firstIndex(of: finding),
            report.causes.first?.changes.allSatisfy({ search.named.contains($0) }) == true
        {
            confirm(&report.exchange.request.findings[index], report.causes, goal, without, effects)
            return
        }
        report.exchange.request.findings.insert(
            finding(report.causes, goal, without, walk, effects),
            at: placeOfCause(in: report.exchange.request.findings))
    }

    /// Before a finding whose fix did not help, and before those that name no cause. A cause that is certain and has no fix stays
    /// first: what was found by experiment is what helps.
    private func placeOfCause(in findings: [Finding]) -> Int {
        guard let index = findings.firstIndex(where: { $0.severity != .info }) else { return 0 }
        let finding = findings[index]
        let isCertain = finding.severity == .error && finding.remedy == nil && !Self.unexplained.contains(finding.code)
        return isCertain ? index + 1 : 0
    }

    /// Findings that say where a packet stayed and not why.
    private static let unexplained: Set<FindingCode> = ["unknown-drop", "lost-unexplained", "not-seen", "no-answer"]

    /// So many causes that are otherwise equal are held against each other.
    private static let rankLimit = 6

    /// Of the causes that are as small as the first one and lead the packet no further from its path, the one that opens least comes
    /// first. Gives its effects; nil where they were not looked for.
    private func rank(_ report: inout Report, _ scope: CommandScope) -> SideEffects.Found? {
        guard looksForSideEffects else { return nil }
        func standing(_ cause: CauseSearch.Cause) -> [Int] {
            [cause.changes.count, cause.changes.map(\.detour).max() ?? 0]
        }
        let first = standing(report.causes[0])
        let equal = Array(report.causes.prefix { standing($0) == first }.prefix(Self.rankLimit))
        let ranked = sideEffects(
            of: equal.map { Self.change($0.changes, scope) }, equal.flatMap(\.changes).flatMap(\.actions), &report)
        if ranked.isEmpty { return nil }
        report.causes.replaceSubrange(..<equal.count, with: ranked.map { equal[$0.index] })
        return ranked.first?.found
    }

    private static func change(
        _ changes: [Candidate], _ scope: CommandScope, strictly: Bool = false
    ) -> [TrialChange] {
        var result: [TrialChange] = []
        var others: [Candidate] = []
        func endScript() {
            let text = script(others, scope, strictly: strictly)
            if !text.isEmpty { result.append(TrialChange(file: "#!/bin/sh\n\(text)", name: "the changes")) }
            others = []
        }
        for change in inOrder(changes) {
            guard let settings = change.settings else {
                others.append(change)
                continue
            }
            endScript()
            result.append(TrialChange(settings.values, in: settings.namespace, mayFail: !strictly))
        }
        endScript()
        return result + changes.compactMap(\.trialChange)
    }

    /// Rules are taken away from the last one on, so that positions hold.
    private static func inOrder(_ changes: [Candidate]) -> [Candidate] {
        changes.enumerated().sorted { one, other in
            let (left, right) = (one.element.rule?.position ?? 0, other.element.rule?.position ?? 0)
            return left == right ? one.offset < other.offset : left > right
        }.map(\.element)
    }

    /// One script. A command that fails ends its own change and no other: it shows by the packet; `strictly` it ends all.
    static func script(_ changes: [Candidate], _ scope: CommandScope, strictly: Bool = false) -> String {
        inOrder(changes).map { $0.commands(in: scope) }.filter { !$0.isEmpty }.map { commands in
            strictly
                ? commands.map { "\($0)\n" }.joined() : "{\n\(commands.joined(separator: " &&\n"))\n} || :\n"
        }.joined()
    }

    /// What the finding says is what the packet lacks.
    private func confirm(
        _ finding: inout Finding, _ causes: [CauseSearch.Cause], _ goal: PacketGoal, _ without: String,
        _ effects: SideEffects.Found?
    ) {
        let words = causes[0].words
        finding.evidence.append(
            Fact(.tried, "with \(words) the same packet is \(goal.word); without, it is not (\(without))"))
        // A fix of its own was tried before, and does not help.
        guard finding.remedy == nil || finding.remedy?.verified == false else { return }
        finding.remedy = remedy(causes[0], goal, without, effects) ?? finding.remedy
    }

    /// The changes of a cause as a fix that was seen to work; nil where they are not commands.
    private func remedy(
        _ cause: CauseSearch.Cause, _ goal: PacketGoal, _ without: String, _ effects: SideEffects.Found?
    ) -> Remedy? {
        var remedy = Remedy(ifAny: cause.changes.flatMap(\.actions))
        remedy?.verified = true
        var proof = RemedyProof(without: without, with: goal.word, assumptions: assumptions)
        if let effects { proof.add(effects) }
        remedy?.proof = proof
        return remedy
    }

    private func finding(
        _ causes: [CauseSearch.Cause], _ goal: PacketGoal, _ without: String, _ walk: Walk,
        _ effects: SideEffects.Found?
    ) -> Finding {
        let cause = causes[0]
        let (words, come) = (cause.words, goal.word)
        let first = cause.changes[0]
        var finding = Finding(
            code: first.code, severity: .error, where: first.place,
            message: "the packet is \(come) with \(words), and not without",
            evidence: [
                Fact(.tried, "with \(words) the same packet is \(come); without, it is not (\(without))")
            ], rule: first.rule)
        // Where the packet is accepted before the rule that ended it, that rule is the cause.
        if first.rule == nil, first.adds, ["rule-drop", "policy-drop"].contains(first.code),
            let rule = walk.stoppedAt?.rule
        {
            finding.rule = rule
            finding.code =
                rule.position == nil ? "policy-drop" : walk.outcome == .rejected ? "rule-reject" : "rule-drop"
        }
        for other in causes.dropFirst() {
            finding.evidence.append(Fact(.tried, "also with \(other.words) alone the same packet is \(come)"))
        }
        finding.remedy = remedy(cause, goal, without, effects)
        return finding
    }
}

extension Candidate {
    /// Whether the change is to what a finding speaks of: its cause, its place and, where it names one, its rule.
    func isNamed(by finding: Finding) -> Bool {
        guard code == finding.code, place.namespace == finding.where.namespace else { return false }
        if let own = finding.where.device, let other = place.device, own != other { return false }
        guard let rule = finding.rule else { return true }
        return self.rule.map { $0.name(withHandle: false) == rule.name(withHandle: false) } == true
    }
}
