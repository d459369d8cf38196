internal import ArgumentParser
internal import Glibc
internal import LinuxSystem
internal import Twin
internal import Walks

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
            let allArrived = try explain(explainer)
            throw ExitCode(allArrived ? ExitStatus.success.rawValue : ExitStatus.notArrived.rawValue)
        }
        var sender = RunningCommand(["sh", "-c", lab.probe.command])
        _ = try Tracer(filter: "", watch: watch, output: output, recorder: recorder).run(&sender)
        throw ExitCode(sender.status ?? ExitStatus.success.rawValue)
    }

    /// Explains the packet; mends the network by what the first finding says, if that is wanted, and sends it again.
    /// Gives whether the packet arrived at last.
    private func explain(_ explainer: Explainer) throws -> Bool {
        guard mends else { return try explainer.run() }
        var first = try explainer.explain()
        var printer = WalkPrinter(output: output, hidesHousekeeping: true)
        guard let faulty = first.exchanges.firstIndex(where: { !$0.request.findings.isEmpty }),
            let remedy = first.exchanges[faulty].request.findings[0].remedy, !remedy.commands.isEmpty
        else {
            try printer.take([first])
            if !printer.allArrived { complain("nothing to mend by: no finding names commands") }
            return printer.allArrived
        }
        for command in remedy.commands {
            // Their output must not stand among the walks.
            let status = try Command(["sh", "-c", command]).start(output: STDERR_FILENO).wait()
            if status != 0 { complain("the remedy “\(command)” ended with status \(status)") }
        }
        var again = explainer
        again.recorder = nil
        let second = try again.explain()
        let arrived = second.exchanges.contains { $0.isWell } && second.exchanges.allSatisfy { $0.isWell }
        first.exchanges[faulty].request.findings[0].remedy?.verified = arrived
        try printer.take([first])
        try printer.take([second])
        return arrived
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

extension Exchange {
    /// It arrived and nothing speaks against it.
    fileprivate var isWell: Bool {
        arrived && !request.findings.contains { $0.severity == .error }
    }
}
