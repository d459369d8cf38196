internal import Experiment
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Probes
internal import Runs
internal import Snapshot
internal import Twin
internal import Views
internal import WalkModel

/// Explains a packet; where it fails, tries its fix in a rebuilt network, and looks for the cause there where no finding
/// has it.
struct ExperimentRun {
    var explainer: Explainer
    var output: OutputOptions
    var choice = TwinChoice.auto
    /// Of a lab: what builds it.
    var lab: Lab?
    var usesFindings = true
    /// Whether packets are shown, and no connection.
    var packets = false
    /// Whether the idea behind each cause is told.
    var why = false

    /// Prints the exchange. Gives whether it arrived and got its reply.
    func run() throws -> Bool {
        // Before the packet is sent: it leaves connections and neighbours behind.
        var source: TwinSource?
        var refusal: String?
        do {
            source = try TwinSource(of: explainer.request, from: explainer.from)
        } catch {
            refusal = "\(error)"
        }
        var explainer = explainer
        explainer.network = source?.network
        var explanation = try explainer.explain()
        // Of a packet that could not be sent at all its own error has been told.
        if let refusal, explanation.group.exchanges.contains(where: { !$0.arrived }) {
            complain("no fix is tried: \(refusal)")
        }
        if let source, let topology = source.topology,
            let index = explanation.group.exchanges.firstIndex(where: { !$0.arrived && !$0.isAccepted })
        {
            explanation.group.exchanges[index] = experiment(
                explanation.group.exchanges[index], source, topology)
        }
        return try explanation.print(output, packets: packets, why: why)
    }

    private func experiment(_ exchange: Exchange, _ source: TwinSource, _ topology: Topology) -> Exchange {
        do {
            let from = try source.namespace(explainer.from)
            // The rest of a large host is not built: links that lead there end at something that says nothing. Only where side
            // effects are looked for something can be sent from behind the first of them.
            let whole = source.snapshot
            let part =
                source.slice.map {
                    whole.sliced(by: $0, wholeRules: .max, quietPorts: Self.neighbours).snapshot
                } ?? whole
            let trial = try trial(part)
            guard !trial.script.isEmpty else { return exchange }
            var experiment = FailureExperiment(
                snapshot: part, topology: topology, request: explainer.request, from: from, trials: trial)
            if let slice = source.slice, !slice.stubs.isEmpty, choice != .lab {
                let open = whole.sliced(
                    by: slice, wholeRules: .max, openEnds: Self.neighbours, quietPorts: 0)
                experiment.sideTrials = Trial(snapshot: open.snapshot)
            }
            experiment.metRules = source.slice.map { whole.sliced(by: $0).positions } ?? [:]
            experiment.usesFindings = usesFindings
            experiment.options = TrialOptions(
                waitMilliseconds: min(Int(explainer.waitSeconds * 1000), 1000), hooks: explainer.hooks)
            experiment.assumptions = trial.assumptions.map(\.text)
            let progress = Progress("trying the packet in a rebuilt network")
            defer { progress.end() }
            experiment.progress = { progress.say($0) }
            if !usesFindings {
                // It is measured: on a machine that does other work too.
                experiment.secondLimit = 100
                if isatty(STDERR_FILENO) == 0 { experiment.progress = { complain($0) } }
            }
            let report = try experiment.run(on: exchange)
            progress.end()
            if let remark = report.remark { complain(remark) }
            return report.exchange
        } catch {
            complain("no fix is tried: \(error)")
            return exchange
        }
    }

    /// So many namespaces that are not rebuilt have a sender and a receiver in their place.
    private static let neighbours = 12

    private func trial(_ snapshot: HostSnapshot) throws -> Trial {
        guard choice == .lab, let lab else { return Trial(snapshot: snapshot) }
        let script = lab.layers.map { "LAB=\(shellWord($0)) sh -eu \(shellWord("\($0)/setup.sh"))\n" }.joined()
        return Trial(script: script, namespaces: snapshot.namespaces.dropFirst().map(\.name))
    }
}

extension Exchange {
    /// Whether a connection was accepted for a program that takes nothing from it: a rebuilt network accepts it as well, and has
    /// no such program.
    fileprivate var isAccepted: Bool {
        request.kind.opensConnection && reply?.cameToReceiver == true
            && request.findings.first?.code == "process-stopped"
    }
}
