public import Network
internal import Observations
public import Probes
public import Snapshot
public import WalkModel
internal import Wire

/// A packet that failed, tried again in rebuilt networks: whether it fails there as it did, whether its fixes do, and where
/// they do not, which smallest change makes it arrive.
public struct FailureExperiment: Sendable {
    /// Of the network before the packet was sent.
    public var snapshot: HostSnapshot
    public var topology: Topology
    public var request: PacketRequest
    /// The sender's namespace, by the topology's name.
    public var from: String
    /// Where packets are tried.
    public var trials: any PacketTrials
    /// What the rebuilt networks take for granted, one sentence each.
    public var assumptions: [String] = []
    /// Whether the fixes of findings are tried first; without, the catalogue of changes has to do.
    public var usesFindings = true
    public var searchesCause = true
    public var looksForSideEffects = true
    public var options = TrialOptions()
    public var trialLimit = 400
    public var secondLimit = 30.0
    /// Told of each step, in a few words.
    public var progress: @Sendable (String) -> Void = { _ in }

    public init(
        snapshot: HostSnapshot, topology: Topology, request: PacketRequest, from: String, trials: any PacketTrials
    ) {
        self.snapshot = snapshot
        self.topology = topology
        self.request = request
        self.from = from
        self.trials = trials
    }

    /// What the experiment says.
    public struct Report: Sendable {
        /// The exchange with proofs in its remedies, and with a cause found by experiment in front.
        public var exchange: Exchange
        /// Why nothing was tried, or nothing was found; a sentence. Nil where all is well.
        public var remark: String?
        /// Whether the packet failed in the rebuilt network as it did before.
        public var isReproduced: Bool
        /// Found by experiment, the most likely first.
        public var causes: [CauseSearch.Cause]
        public var trialCount: Int
        public var seconds: Double
    }

    /// Throws `TrialError` where the network can't be rebuilt.
    public func run(on exchange: Exchange) throws(TrialError) -> Report {
        var report = Report(exchange: exchange, isReproduced: false, causes: [], trialCount: 1, seconds: 0)
        progress("the same packet in the rebuilt network")
        let alone = try trials.explain(request, from: from, changes: [], options: options)
        if let difference = difference(observed: exchange, alone) {
            report.remark = "the twin does not fail as the host does: \(difference); no fix is verified"
            return report
        }
        report.isReproduced = true
        if usesFindings, try prove(&report, without: alone.fate) { return report }
        if searchesCause { try search(&report, without: alone.fate) }
        return report
    }

    /// What differs between how the packet failed and how it fares in the rebuilt network; nil where nothing does.
    func difference(observed exchange: Exchange, _ twin: TrialExplanation) -> String? {
        guard !twin.arrived, let other = twin.exchanges.first(where: { !$0.arrived }) else {
            return "there the packet is \(twin.exchanges.first?.fate ?? "not seen"), here \(exchange.fate)"
        }
        let (one, two) = (exchange.end, other.end)
        return one == two ? nil : "there \(two), here \(one)"
    }

    // MARK: - Fixes

    /// Tries the fix of the first finding. Gives whether its cause is proved.
    private func prove(_ report: inout Report, without: String) throws(TrialError) -> Bool {
        guard let index = report.exchange.request.findings.firstIndex(where: { $0.severity != .info }),
            var remedy = report.exchange.request.findings[index].remedy
        else { return false }
        let commands = TwinCommands(topology, home: home, files: trials.namespaceFiles)
        progress("the fix of the first finding")
        let with: TrialExplanation
        do {
            with = try trials.explain(
                request, from: from, changes: commands.changes(remedy.actions), options: options)
        } catch {
            guard error.kind == .change else { throw error }
            report.exchange.request.findings[index].remedy?.verified = false
            report.remark = "the fix could not be tried: \(error.description)"
            return false
        }
        report.trialCount += 1
        remedy.verified = with.arrived
        var proof = RemedyProof(without: without, with: with.fate, assumptions: assumptions)
        if with.arrived {
            remedy.actions = try smallest(remedy.actions, commands, &report)
            if looksForSideEffects {
                let effects = sideEffects(of: [commands.changes(remedy.actions)], remedy.actions, &report)
                if let found = effects.first?.found { proof.add(found) }
            }
        }
        remedy.proof = proof
        report.exchange.request.findings[index].remedy = remedy
        if with.arrived { return true }
        // Another obstacle behind the first one: the fix did something.
        return with.fate != without && with.exchanges.first?.end != report.exchange.end
    }

    /// A fix of more commands is told as it is.
    static let narrowingLimit = 8

    /// The fewest of the commands with which the packet is still answered: each is left out once, the last one first, since it
    /// is more often for a case that this packet is not.
    private func smallest(
        _ actions: [RemedyAction], _ commands: TwinCommands, _ report: inout Report
    ) throws(TrialError) -> [RemedyAction] {
        guard actions.count > 1, actions.count <= Self.narrowingLimit else { return actions }
        progress("which of the fix's \(actions.count) commands are needed")
        var patient = options
        patient.waitMilliseconds = max(options.waitMilliseconds, 700)
        let packet = [TrialPacket(from: from, request)]
        var kept = actions
        for index in actions.indices.reversed() where kept.count > 1 {
            var fewer = kept
            fewer.remove(at: index)
            report.trialCount += 1
            do {
                let answers = try trials.send(packet, changes: commands.changes(fewer), options: patient)
                if answers.allAnswered { kept = fewer }
            } catch {
                // A command that needs another one fails without it.
                guard error.kind == .change else { throw error }
            }
        }
        return kept
    }

    /// What each of the alternatives opens and closes besides, the one that opens least first.
    ///
    /// Empty, with a remark, where that can't be tried: what was found of the fix itself stands.
    ///
    /// - Parameter actions: those of all of them: what they name is tried.
    private func sideEffects(
        of alternatives: [[TrialChange]], _ actions: [RemedyAction], _ report: inout Report
    ) -> [SideEffects.Ranked] {
        progress("what else \(alternatives.count == 1 ? "the fix opens" : "each of \(alternatives.count) fixes opens")")
        let scope = CommandScope(home: home)
        // Of a large network only the part is rebuilt that the packet can meet.
        var rebuilt = topology
        if !snapshot.namespaces.isEmpty {
            rebuilt.namespaces.removeAll { snapshot[namespace: $0.name] == nil }
        }
        let kinds = ProbeKinds(
            topology: rebuilt, whole: topology, snapshot: snapshot, request: request, from: from,
            commands: actions.map(scope.line), outsides: trials.outsides)
        report.trialCount += 1 + alternatives.count
        do {
            return try SideEffects(trials: trials, kinds: kinds).ranked(alternatives)
        } catch {
            report.remark = "what else the fix opens could not be tried: \(error.description)"
            return []
        }
    }

    // MARK: - Causes

    private var home: String { snapshot.namespaces.first?.name ?? "host" }

    private func search(_ report: inout Report, without: String) throws(TrialError) {
        let catalogue = ChangeCatalogue(topology: topology, snapshot: snapshot, request: request, from: from)
        let scope = TwinCommands(topology, home: home, files: trials.namespaceFiles).scope
        let (trials, request, from) = (self.trials, self.request, self.from)
        var patient = options
        patient.waitMilliseconds = max(options.waitMilliseconds, 700)
        let options = patient
        var search = CauseSearch { changes, strictly throws(TrialError) in
            let made = Self.change(changes, scope, strictly: strictly)
            return try trials.send([TrialPacket(from: from, request)], changes: made, options: options).allAnswered
        }
        search.trialLimit = trialLimit
        search.secondLimit = secondLimit
        let progress = progress
        search.progress = { count, changes in
            progress(
                "trial \(count): \(changes.first?.condition ?? "no change"), and \(max(0, changes.count - 1)) more")
        }
        // A packet that was answered before all is judged by something else.
        let walk = report.exchange.failing
        let reached = Nearness(walk, report.exchange)
        let result = try search.search(catalogue.changes) { reached.distance(of: $0) }
        report.trialCount += result.trialCount
        report.seconds = result.seconds
        report.causes = result.causes
        guard !result.causes.isEmpty else {
            let words =
                "no single change makes the packet arrive: \(result.trialCount) trials of \(catalogue.changes.count) changes"
                + (result.isCutShort ? ", not all of them were made" : "")
            report.remark = report.remark.map { "\($0); \(words)" } ?? words
            return
        }
        let effects = rank(&report, scope)
        report.exchange.request.findings.insert(
            finding(report.causes[0], others: Array(report.causes.dropFirst()), without, walk, effects),
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

    /// Of the causes that are as small as the first one and lead the packet no further from its way, the one that opens least comes
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
        let text = script(changes, scope, strictly: strictly)
        return text.isEmpty ? [] : [TrialChange(file: "#!/bin/sh\n\(text)", name: "the changes")]
    }

    /// One script. A command that fails ends its own change and no other: it shows by the packet; `strictly` it ends all. Rules
    /// are taken away from the last one on, so that positions hold.
    static func script(_ changes: [Candidate], _ scope: CommandScope, strictly: Bool = false) -> String {
        let ordered = changes.enumerated().sorted { one, other in
            let (left, right) = (one.element.rule?.position ?? 0, other.element.rule?.position ?? 0)
            return left == right ? one.offset < other.offset : left > right
        }
        return ordered.map { $0.element.commands(in: scope) }.filter { !$0.isEmpty }.map { commands in
            strictly
                ? commands.map { "\($0)\n" }.joined() : "{\n\(commands.joined(separator: " &&\n"))\n} || :\n"
        }.joined()
    }

    private func finding(
        _ cause: CauseSearch.Cause, others: [CauseSearch.Cause], _ without: String, _ walk: Walk,
        _ effects: SideEffects.Found?
    ) -> Finding {
        let words = cause.words
        let first = cause.changes[0]
        var finding = Finding(
            code: first.code, severity: .error, where: first.place,
            message: "the packet is answered with \(words), and not without",
            evidence: [
                Fact(.tried, "with \(words) the same packet is answered; without, it is not (\(without))")
            ], rule: first.rule)
        // Where the packet is accepted before the rule that ended it, that rule is the cause.
        if first.rule == nil, first.adds, ["rule-drop", "policy-drop"].contains(first.code),
            let rule = walk.stoppedAt?.rule
        {
            finding.rule = rule
            finding.code =
                rule.position == nil ? "policy-drop" : walk.outcome == .rejected ? "rule-reject" : "rule-drop"
        }
        for other in others {
            finding.evidence.append(Fact(.tried, "also with \(other.words) alone the same packet is answered"))
        }
        var remedy = Remedy(ifAny: cause.changes.flatMap(\.actions))
        remedy?.verified = true
        var proof = RemedyProof(without: without, with: "answered", assumptions: assumptions)
        if let effects { proof.add(effects) }
        remedy?.proof = proof
        finding.remedy = remedy
        return finding
    }
}

extension RemedyProof {
    fileprivate mutating func add(_ effects: SideEffects.Found) {
        opens = effects.opens
        closes = effects.closes
        tried = effects.tried
    }
}

extension CauseSearch.Cause {
    /// `hairpin on at port vc of br0 in host and a route to …`.
    public var words: String { changes.map(\.condition).joined(separator: " and ") }
}

extension Exchange {
    /// The walk that did not arrive.
    var failing: Walk {
        if !request.hasStopped, let reply, reply.hasStopped { return reply }
        return request
    }

    /// How and where it failed: outcome, place, rule, first finding.
    var end: String {
        let walk = failing
        let finding = request.findings.first { $0.severity != .info }
        let rule = walk.stoppedAt?.rule ?? finding?.rule
        var words = [walk == request ? walk.outcome.rawValue : "reply \(walk.outcome.rawValue)"]
        if let rule { words.append("by \(rule.name(withHandle: false))") }
        if let stop = walk.stoppedAt {
            let place = [stop.namespace, stop.device, stop.hook?.rawValue].compactMap(\.self).joined(separator: " ")
            if !place.isEmpty { words.append("at \(place)") }
        }
        if let finding { words.append("(\(finding.code))") }
        return words.joined(separator: " ")
    }
}

/// How near a change is to where a packet stopped.
struct Nearness: Sendable {
    private var rule: RuleReference?
    private var namespace: String?
    private var device: String?
    private var hook: NetfilterHook?
    private var passed: Set<String>
    private var passedDevices: Set<String>

    init(_ walk: Walk, _ exchange: Exchange) {
        rule = walk.stoppedAt?.rule
        let last = walk.lastSeen ?? walk.hops.last
        namespace = walk.stoppedAt?.namespace ?? last?.namespace
        device = walk.stoppedAt?.device ?? last?.device
        hook = walk.stoppedAt?.hook
        let hops = exchange.request.hops + (exchange.reply?.hops ?? [])
        passed = Set(hops.map(\.namespace))
        passedDevices = Set(hops.compactMap { hop in hop.device.map { "\(hop.namespace) \($0)" } })
    }

    /// 0: the rule, or the very device. 1: where it stopped. 2: a device or place that it passed. 3: anywhere else.
    func distance(of change: Candidate) -> Int {
        if let rule, let own = change.rule {
            let isSame =
                own.table == rule.table && own.chain == rule.chain && own.family == rule.family
                && own.position == rule.position
            if isSame, change.place.namespace == namespace { return 0 }
        }
        if change.place.namespace == namespace {
            if let device, change.place.device == device { return 0 }
            return 1
        }
        if let name = change.place.namespace, passed.contains(name) { return 2 }
        return 3
    }
}
