internal import ArgumentParser
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Probes
internal import Recording
internal import Runs
internal import Twin
internal import Views
internal import WalkModel
internal import Wire

/// Builds a lab in a sandbox and traces its packet.
struct LabRun {
    var name: String
    var output: OutputOptions
    var watch = WatchSettings()
    /// Trace the lab's own sender instead of sending a packet under `explain`: always so where that can't send it.
    var traces = true
    /// After the explanation: the first finding's fix, and the packet once more.
    var fixes = false
    /// The file that keeps the run.
    var recording: String?
    /// What of the lab the tool must not see, and what it sees beside it.
    var surroundings: SurroundingsOptions
    /// Where a packet that failed is tried again.
    var twin = TwinChoice.none
    /// Whether fixes of findings are tried there.
    var usesFindings = true

    /// Options that only a trace heeds: what to do with the packets of others.
    var traceOptions: [String] = []

    func run() throws {
        let lab = try findLab(name)
        let traces = traces || lab.isTraced && !fixes && surroundings.hide.isEmpty
        let sendsOne = !traces && lab.probe.explain != nil && !surroundings.hide.contains(lab.probe.from)
        if let option = traceOptions.first, sendsOne {
            throw RunError(
                .usage,
                "cannot heed \(option) for the one packet that is sent: add --trace to trace the lab's own traffic"
            )
        }
        if fixes, lab.probe.explain == nil {
            throw RunError(
                .usage,
                "cannot try a fix in \(lab.name): its packet is in the middle of a connection, which explain cannot send"
            )
        }
        let isFromOutside = surroundings.hide.contains(lab.probe.from)
        if isFromOutside, traces || fixes || lab.probe.explain == nil {
            throw RunError(
                .usage,
                "cannot \(fixes ? "try a fix" : "run the lab's own sender") in \(lab.probe.from), which is hidden: leave --\(fixes ? "fix" : "trace") out, and one packet is sent from there"
            )
        }
        try buildInSandbox(lab, surroundings)
        if output.format == .text, !output.quiet { complain("lab \(lab.name): \(lab.heading)") }
        // Only inside: outside the program runs itself again, and would empty the file.
        let recorder = try recording.map { try openRecorder($0) }
        if !traces, let packet = lab.probe.explain {
            let options = try Explain.parse(["--from", lab.probe.from] + packet)
            var explainer = try options.explainer()
            if isFromOutside { try traceFromOutside(explainer.request, recorder) }
            explainer.recorder = recorder
            explainer.hooks = watch.hooks
            explainer.links = watch.links
            explainer.drops = watch.drops
            explainer.namespaces = watch.namespaces
            explainer.takesAll = surroundings.whole
            explainer.tracesRules = watch.rules != .none
            // A lab is small: what has had no reply after a second is not going to get one.
            explainer.waitSeconds = min(explainer.waitSeconds, 1)
            let allArrived =
                try fixes
                ? rehearse(explainer)
                : twin == .none
                    ? explainer.print(output, packets: watch.show.packets)
                    : ExperimentRun(
                        explainer: explainer, output: output, choice: twin, lab: lab, usesFindings: usesFindings,
                        packets: watch.show.packets
                    ).run()
            if !allArrived { sayWhatNext(lab) }
            throw ExitCode((allArrived ? ExitStatus.success : .notArrived).rawValue)
        }
        let sender = RunningCommand(["sh", "-c", lab.probe.command])
        let (ended, _) = try Tracer(filter: "", watch: watch, output: output, recorder: recorder).run(sender)
        throw ExitCode(ended.status ?? ExitStatus.success.rawValue)
    }

    /// For somebody who sits before it, and has seen a lab fail.
    private func sayWhatNext(_ lab: Lab) {
        guard isatty(1) == 1, output.format == .text, !output.quiet, !fixes else { return }
        guard let code = lab.expected.code else { return }
        complain("lab run --fix \(lab.name) applies the fix and sends again; help \(code) tells the idea")
    }

    /// Sends the packet from where the tool sees nothing, and traces what comes in: all that a machine can know of a client
    /// beyond its uplink. Ends with the status of `trace`.
    private func traceFromOutside(_ request: PacketRequest, _ recorder: RecordingWriter?) throws {
        guard let path = HiddenSender.path else { throw RunError(.lacking, "the hidden sender is not there any more") }
        let sender = try PacketSender(request, in: NetworkNamespaceFile(path: path), name: "the outside")
        let sending = Sending(sender: sender, waitMilliseconds: 1000)
        let (_, noneStopped) = try Tracer(filter: "", watch: watch, output: output, recorder: recorder).run(sending)
        throw ExitCode((noneStopped ? ExitStatus.success : .notArrived).rawValue)
    }

    /// Explains the packet, fixes the network and sends the packet again, one fault after the other. Gives whether it
    /// arrived at last.
    private func rehearse(_ explainer: Explainer) throws -> Bool {
        var printer = WalkPrinter(output: output, countsHousekeeping: true)
        var rehearsal = Rehearsal(LiveTrial(explainer))
        while let attempt = try rehearsal.next() {
            for remark in attempt.explanation.warnings + attempt.remarks { complain(remark) }
            try printer.take(attempt.explanation)
        }
        try printer.finish()
        return rehearsal.isWell
    }
}

/// What a run found beside its packet, a line each.
func printRemarks(_ remarks: [String], _ options: RenderOptions) throws {
    try printOut("\nalso checked:\n" + Table(rows: remarks.map { Table.Row([$0]) }).render(options, indent: 2))
}

extension Explainer {
    /// Explains the packet and prints its exchange. Gives whether it arrived and got its reply.
    func print(_ output: OutputOptions, packets: Bool, why: Bool = false) throws -> Bool {
        try explain().print(output, packets: packets, why: why)
    }
}

extension Explanation {
    /// Prints its exchange, or the connection where it is one of TCP. Gives whether it arrived and got its reply.
    ///
    /// - Parameters:
    ///   - packets: whether packets are shown in any case.
    ///   - why: whether the idea behind each cause is told.
    func print(_ output: OutputOptions, packets: Bool, why: Bool = false) throws -> Bool {
        let explanation = self
        for warning in explanation.warnings { complain(warning) }
        complainOfMissing(isCutShort: explanation.isCutShort)
        let isConnection = !packets && explanation.group.exchanges.contains { $0.request.kind.ipProtocol == .tcp }
        var printer = WalkPrinter(
            output: output, countsHousekeeping: true, show: ShowSettings(packets: !isConnection))
        printer.explainsCauses = why
        try printer.take(explanation)
        try printer.end()
        if output.format == .text, !output.quiet, !explanation.remarks.isEmpty {
            try printRemarks(explanation.remarks, output.renderOptions)
        }
        try printer.finish()
        return printer.allArrived
    }
}

/// The sandbox that this process is in. Outside of one the program runs itself again inside and this call never
/// returns: the process ends with the inner one's status.
private func enterSandbox(for lab: Lab) throws -> Sandbox {
    if let sandbox = Sandbox.current { return sandbox }
    if let lack = lab.unmetNeed() { throw RunError(.lacking, "cannot run the lab \(lab.name): \(lack)") }
    do {
        exit(try Sandbox.enter())
    } catch {
        throw RunError(.lacking, "\(error)")
    }
}

/// Builds the lab in a sandbox of its own, with what is wanted beside it, and returns in there where the namespaces that
/// are to be hidden can't be seen.
func buildInSandbox(_ lab: Lab, _ surroundings: SurroundingsOptions) throws {
    let sandbox = try enterSandbox(for: lab)
    // This program runs once more where something is hidden.
    if sandbox.isBuilt { return }
    try reportingLabErrors { () throws(LabError) in try lab.build(in: sandbox) }
    let hidden = surroundings.hide
    if surroundings.beside { try reportingLabErrors { () throws(LabError) in try lab.buildBeside() } }
    if hidden.isEmpty { return }
    let names = Sandbox.namedNamespaces
    for name in hidden where !names.contains(name) {
        let choice = names.isEmpty ? "it has none that can be" : "it has \(names.joined(separator: ", "))"
        throw RunError(.usage, "cannot hide \(visibleText(name)): no such namespace in the lab \(lab.name); \(choice)")
    }
    if hidden.contains(lab.probe.from) { try HiddenSender.keep(lab.probe.from) }
    do {
        try sandbox.enter(hiding: hidden)
    } catch {
        throw RunError(.lacking, "\(error)")
    }
}

/// Throws `RunError`, with the name that was probably meant where there is no such lab.
func findLab(_ name: String) throws -> Lab {
    try reportingLabErrors { () throws(LabError) in
        let library = try LabLibrary.find()
        do throws(LabError) {
            return try library.lab(named: name)
        } catch {
            var error = error
            if error.isUnknown, let near = library.names.nearest(to: name) {
                error.problem = "there is no such lab: did you mean \(near)? packetwalk lab list names them"
            }
            throw error
        }
    }
}

func reportingLabErrors<Value>(_ body: () throws(LabError) -> Value) throws -> Value {
    do {
        return try body()
    } catch {
        throw RunError(error.isUnknown ? .usage : .lacking, "\(error)")
    }
}
