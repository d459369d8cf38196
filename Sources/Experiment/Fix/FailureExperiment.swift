public import Network
internal import LinuxSystem
internal import Observations
public import Probes
public import Snapshot
public import Twin
public import WalkModel
internal import Synchronization
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
    /// Where side effects are tried, if elsewhere: more of the network can send there.
    public var sideTrials: (any PacketTrials)?
    /// Of chains with many rules those that the packet may meet; of others all are tried.
    public var metRules: [SlicedSnapshot.Chain: [Int]] = [:]
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
        let fix = usesFindings ? fix(of: exchange) : nil
        progress("the same packet in the rebuilt network\(fix == nil ? "" : ", and with the fix of the first finding")")
        let commands = TwinCommands(topology, home: home, files: trials.namespaceFiles)
        let explained = explain(exchange, with: fix.map { commands.changes($0.remedy.actions) })
        let alone = try explained.alone.get()
        if let difference = difference(observed: exchange, alone) {
            report.remark = "the twin does not fail as the host does: \(difference); no fix is verified"
            return report
        }
        report.isReproduced = true
        if let fix, let fixed = explained.fixed, try prove(fix, fixed, commands, &report, without: alone.fate) {
            return report
        }
        guard searchesCause, !isMeant(exchange) else { return report }
        let found = explained.cause ?? look(for: exchange)
        try tell(found.get(), in: &report, without: alone.fate)
        return report
    }

    /// What differs between how the packet failed and how it fares in the rebuilt network; nil where nothing does.
    func difference(observed exchange: Exchange, _ twin: TrialExplanation) -> String? {
        guard !twin.arrived, let other = twin.exchanges.first(where: { !$0.arrived }) else {
            return "there the packet is \(twin.exchanges.first?.fate ?? "not seen"), here \(exchange.fate)"
        }
        let (one, two) = (exchange.end, other.end)
        if one == two { return nil }
        // What is lost is what nobody has said anything of in time.
        let isLate = exchange.failing.outcome == .lost || other.failing.outcome == .lost
        if isLate, let cause = exchange.cause, cause == other.cause { return nil }
        return "there \(two), here \(one)"
    }

    /// Whether the packet is kept apart by what a program does on purpose, and only that program is to change it. What would take
    /// its rules away is no fix.
    private func isMeant(_ exchange: Exchange) -> Bool {
        guard usesFindings, let first = exchange.request.findings.first(where: { $0.severity != .info }) else {
            return false
        }
        return first.severity == .error && first.remedy?.isForOwnerAlone == true
    }

    // MARK: - Fixes

    /// That of the first finding, by its position; nil where it has none that can be tried.
    private func fix(of exchange: Exchange) -> (index: Int, remedy: Remedy)? {
        guard let index = exchange.request.findings.firstIndex(where: { $0.severity != .info }) else { return nil }
        guard let remedy = exchange.request.findings[index].remedy, !remedy.isForOwnerAlone else { return nil }
        return (index, remedy)
    }

    /// For packets of which it is asked whether they are answered.
    var patient: TrialOptions {
        var options = options
        options.waitMilliseconds = max(options.waitMilliseconds, 700)
        options.endsWhenQuiet = true
        return options
    }

    /// What the trials say of the packet, each in a network of its own.
    private struct Explained {
        var alone: Result<TrialExplanation, TrialError>
        /// With the changes of its fix, where it has one.
        var fixed: Result<TrialExplanation, TrialError>?
        /// Where it has none, and a cause is looked for.
        var cause: Result<Search?, TrialError>?
    }

    /// The packet alone, and at the same time what comes next: mostly they wait.
    private func explain(_ exchange: Exchange, with fix: [TrialChange]?) -> Explained {
        let trial: @Sendable ([TrialChange]) -> Result<TrialExplanation, TrialError> = { changes in
            Result { () throws(TrialError) in
                try trials.explain(request, from: from, changes: changes, options: options)
            }
        }
        if let fix {
            let (alone, fixed) = atOnce({ trial([]) }, { trial(fix) })
            return Explained(alone: alone, fixed: fixed)
        }
        guard searchesCause, !isMeant(exchange) else { return Explained(alone: trial([])) }
        let isFutile = Mutex(false)
        let (alone, cause) = atOnce(
            {
                let alone = trial([])
                let isReproduced = (try? alone.get()).map { difference(observed: exchange, $0) == nil } ?? false
                if !isReproduced { isFutile.withLock { $0 = true } }
                return alone
            }, { look(for: exchange) { isFutile.withLock(\.self) } })
        return Explained(alone: alone, cause: cause)
    }

    private func atOnce<One, Other: Sendable>(
        _ one: () -> One, _ other: @escaping @Sendable () -> Other
    ) -> (One, Other) {
        let found = Mutex<Other?>(nil)
        let thread = try? WorkerThread {
            let made = other()
            found.withLock { $0 = made }
        }
        let made = one()
        thread?.join()
        return (made, found.withLock { $0 } ?? other())
    }

    /// Gives whether the cause of the finding whose fix it is is proved.
    private func prove(
        _ fix: (index: Int, remedy: Remedy), _ fixed: Result<TrialExplanation, TrialError>, _ commands: TwinCommands,
        _ report: inout Report, without: String
    ) throws(TrialError) -> Bool {
        let index = fix.index
        var remedy = fix.remedy
        let with: TrialExplanation
        do {
            with = try fixed.get()
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
    func sideEffects(
        of alternatives: [[TrialChange]], _ actions: [RemedyAction], _ report: inout Report
    ) -> [SideEffects.Ranked] {
        progress("what else \(alternatives.count == 1 ? "the fix opens" : "each of \(alternatives.count) fixes opens")")
        let scope = CommandScope(home: home)
        // Of a large network only the part is rebuilt that the packet can meet.
        var rebuilt = topology
        if !snapshot.namespaces.isEmpty {
            rebuilt.namespaces.removeAll { snapshot[namespace: $0.name] == nil }
        }
        let trials = sideTrials ?? self.trials
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
}

extension RemedyProof {
    mutating func add(_ effects: SideEffects.Found) {
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

    /// What its first finding says, of which walk, and where; nil without one.
    var cause: [String]? {
        guard let finding = request.findings.first(where: { $0.severity != .info }) else { return nil }
        return [
            failing == request ? "request" : "reply", finding.code.rawValue, finding.where.namespace ?? "",
            finding.where.device ?? "", finding.rule?.name(withHandle: false) ?? "",
        ]
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
