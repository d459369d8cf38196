internal import ArgumentParser
internal import Experiment
internal import Network
internal import Probes
internal import Runs
internal import Snapshot
internal import Views
internal import WalkModel

/// `explain --compare`: a packet sent for real, and the same one in the twin of the network as it was before.
struct ComparedRun {
    var explainer: Explainer
    var output: OutputOptions

    /// Ends with the status of `explain`.
    func run() throws {
        // Before the packet is sent: it leaves connections and neighbours behind.
        let source = try TwinSource(of: explainer.request, from: explainer.from)
        let from = try source.namespace(explainer.from)
        var explainer = explainer
        explainer.network = source.network
        let explanation = try explainer.explain()
        let arrived = try explanation.print(output, packets: true)
        guard let observed = explanation.group.exchanges.first else {
            throw RunError(.lacking, "cannot compare: the packet was not seen")
        }
        let found = try reportingTrialErrors {
            var predictor = Predictor(source.snapshot)
            predictor.slice = source.slice
            return try predictor.predict(
                sameRequest(as: observed.request), from: from,
                options: TrialOptions(
                    waitMilliseconds: Int(explainer.waitSeconds * 1000), hooks: explainer.hooks,
                    tracesRules: explainer.tracesRules))
        }
        for warning in found.warnings { complain("in the twin: \(warning)") }
        guard let predicted = found.exchanges.first else {
            throw RunError(.lacking, "cannot compare: the packet was not seen in the twin")
        }
        let comparison = PathComparison(predicted: predicted, observed: observed)
        if output.format == .json {
            var printer = WalkPrinter(output: output, countsHousekeeping: true)
            try printer.take([ExchangeGroup(topology: nil, exchanges: [predicted])])
            try printOut(try jsonLine(ComparisonReport.Document(comparison)) + "\n")
        } else if output.format == .text {
            try printOut("\n" + ComparisonReport(comparison).text(output.renderOptions))
        }
        throw ExitCode((arrived ? ExitStatus.success : .notArrived).rawValue)
    }

    /// With the port, or the identifier, that the kernel chose for the real one.
    private func sameRequest(as walk: Walk) -> PacketRequest {
        var request = explainer.request
        if request.sourcePort == nil { request.sourcePort = walk.sourcePort ?? walk.kind.icmp?.identifier }
        return request
    }
}
