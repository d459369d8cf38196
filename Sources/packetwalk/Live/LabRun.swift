internal import Runs
internal import ArgumentParser
internal import Glibc
internal import LinuxSystem
internal import Twin
internal import WalkModel

/// Builds a lab in a sandbox and traces its packet.
struct LabRun {
    var name: String
    var output: OutputOptions
    var watch = WatchSettings()
    /// Trace the lab's own sender instead of sending a packet under `explain`.
    var traces = true
    /// After the explanation: the first finding's remedy, and the packet once more.
    var mends = false
    /// The file that keeps the run.
    var recording: String?

    func run() throws {
        let lab = try reportingLabErrors { () throws(LabError) in try LabLibrary.find().lab(named: name) }
        let sandbox = try enterSandbox(for: lab)
        try reportingLabErrors { () throws(LabError) in try lab.build(in: sandbox) }
        // Only inside: outside the program runs itself again, and would empty the file.
        let recorder = try recording.map { try openRecorder($0) }
        guard traces else {
            let options = try Explain.parse(["--from", lab.probe.from] + lab.probe.explain)
            var explainer = try options.explainer(output: output)
            explainer.recorder = recorder
            explainer.hooks = watch.hooks
            explainer.drops = watch.drops
            // A lab is small: what has not been answered after a second is not going to be.
            explainer.waitSeconds = min(explainer.waitSeconds, 1)
            let allArrived = try explain(explainer)
            throw ExitCode(allArrived ? ExitStatus.success.rawValue : ExitStatus.notArrived.rawValue)
        }
        var sender = RunningCommand(["sh", "-c", lab.probe.command])
        _ = try Tracer(filter: "", watch: watch, output: output, recorder: recorder).run(&sender)
        throw ExitCode(sender.status ?? ExitStatus.success.rawValue)
    }

    /// Explains the packet; mends the network by what the first finding says, if that is wanted, and sends it again, one
    /// fault after the other. Gives whether the packet arrived at last.
    private func explain(_ explainer: Explainer) throws -> Bool {
        guard mends else { return try explainer.run() }
        var printer = WalkPrinter(output: output, hidesHousekeeping: true)
        var group = try explainer.explain()
        for _ in 0..<Self.faultLimit {
            guard let faulty = group.exchanges.firstIndex(where: { !$0.request.findings.isEmpty }) else { break }
            let cause = group.exchanges[faulty].request.findings[0]
            guard let remedy = cause.remedy, !remedy.commands.isEmpty else {
                complain("nothing to mend by: the finding \(cause.code) names no commands")
                break
            }
            for command in remedy.commands {
                // Their output must not stand among the walks.
                let status = try Command(["sh", "-c", command]).start(output: STDERR_FILENO).wait()
                if status != 0 { complain("the remedy “\(command)” ended with status \(status)") }
            }
            let next = try sendAgain(explainer, after: cause)
            group.exchanges[faulty].request.findings[0].remedy?.verified = next.isWell
            try printer.take([group])
            group = next
            if next.isWell || next.cause?.isSame(as: cause) == true { break }
        }
        try printer.take([group])
        return group.isWell
    }

    /// So many faults at most are mended in one run.
    private static let faultLimit = 5

    /// The same packet; up to three times where it meets what was just mended or nobody knows what: who answered no ARP
    /// question is asked the next one a second later, and a link that was set up needs a moment too.
    private func sendAgain(_ explainer: Explainer, after cause: Finding) throws -> ExchangeGroup {
        // A recording holds the run before the mending.
        var explainer = explainer
        explainer.recorder = nil
        var group = try explainer.explain()
        for _ in 0..<2 {
            if group.isWell { break }
            if let next = group.cause, next.severity == .error, !next.isSame(as: cause), !next.isOfNeighbour { break }
            group = try explainer.explain()
        }
        return group
    }
}

/// The sandbox that this process is in. Outside of one the program runs itself again inside and this call never
/// returns: the process ends with the inner one's status.
func enterSandbox(for lab: Lab) throws -> Sandbox {
    if let sandbox = Sandbox.current { return sandbox }
    if let lack = lab.unmetNeed() { throw Failure(.lacking, "cannot run the lab \(lab.name): \(lack)") }
    do {
        exit(try Sandbox.enter())
    } catch {
        throw Failure(.lacking, "\(error)")
    }
}

func reportingLabErrors<Value>(_ body: () throws(LabError) -> Value) throws -> Value {
    do {
        return try body()
    } catch {
        throw Failure(error.isUnknown ? .usage : .lacking, "\(error)")
    }
}

extension ExchangeGroup {
    /// All arrived, and nothing speaks against any.
    fileprivate var isWell: Bool {
        !exchanges.isEmpty
            && exchanges.allSatisfy { exchange in
                exchange.arrived && !exchange.request.findings.contains { $0.severity == .error }
            }
    }

    fileprivate var cause: Finding? { exchanges.lazy.compactMap(\.request.findings.first).first }
}

extension Finding {
    fileprivate func isSame(as other: Finding) -> Bool {
        code == other.code && `where` == other.where && rule == other.rule
    }

    /// What a question asked before the network was mended shows as.
    fileprivate var isOfNeighbour: Bool { ["neighbor-unresolved", "gateway-unreachable"].contains(code) }
}
