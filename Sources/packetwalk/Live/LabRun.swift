internal import ArgumentParser
internal import Glibc
internal import Twin

/// Builds a lab in a sandbox and traces its packet.
struct LabRun {
    var name: String
    var output: OutputOptions
    var watch = WatchSettings()
    /// Trace the lab's own sender instead of sending a packet under `explain`.
    var traces = true

    func run() throws {
        let lab = try reportingLabErrors { () throws(LabError) in try LabLibrary.find().lab(named: name) }
        let sandbox = try enterSandbox(for: lab)
        try reportingLabErrors { () throws(LabError) in try lab.build(in: sandbox) }
        guard traces else {
            let options = try Explain.parse(["--from", lab.probe.from] + lab.probe.explain)
            let allArrived = try options.explainer(output: output).run()
            throw ExitCode(allArrived ? ExitStatus.success.rawValue : ExitStatus.notArrived.rawValue)
        }
        var sender = RunningCommand(["sh", "-c", lab.probe.command])
        _ = try Tracer(filter: "", watch: watch, output: output).run(&sender)
        throw ExitCode(sender.status ?? ExitStatus.success.rawValue)
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
        throw Failure(.lacking, "\(error)")
    }
}
