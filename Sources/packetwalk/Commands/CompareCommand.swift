internal import ArgumentParser
internal import Experiment
internal import Runs
internal import Snapshot
internal import Views

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two snapshots: what changed, and which packets fare differently.",
        discussion: """
            Prints each difference between two files of packetwalk snapshot. Then rebuilds both networks and sends the \
            same packets in each: from every namespace to every other one's addresses and listening ports, and to what \
            the rules name. Of packets that nobody answers it tells which arrive. Nothing is sent for real. Exit status 0 \
            where nothing differs, 1 where something does.
            """)

    @Argument(help: ArgumentHelp("The earlier snapshot.", valueName: "before"), completion: .file(extensions: ["json"]))
    var before: String

    @Argument(help: ArgumentHelp("The later snapshot.", valueName: "after"), completion: .file(extensions: ["json"]))
    var after: String

    @Flag(help: "Only what changed: send no packets.")
    var changes = false

    @OptionGroup(title: "Output")
    var output: OutputOptions

    @OptionGroup(title: "Output")
    var pager: PagerOptions

    func validate() throws {
        try output.refusePicture(of: "compare")
    }

    func run() throws {
        let first = try TwinSource(before).snapshot
        let second = try TwinSource(after).snapshot
        let differences = second.differences(from: first)
        var effects: NetworkComparison?
        if !changes {
            let packets = ComparisonProbes([first, second]).packets
            let progress = Progress("rebuilding both networks and sending \(packets.count) packets in each")
            defer { progress.end() }
            effects = try reportingTrialErrors {
                try NetworkComparison.between(Trial(snapshot: first), Trial(snapshot: second), packets: packets)
            }
        }
        pager.begin()
        try printOut(
            output.format == .json ? jsonLine(Report(differences, effects)) + "\n" : text(differences, effects))
        let isSame = differences.isEmpty && effects?.isNone != false
        throw ExitCode((isSame ? ExitStatus.success : .notArrived).rawValue)
    }

    private func text(_ differences: [SnapshotDifference], _ effects: NetworkComparison?) -> String {
        var text = differences.isEmpty ? "nothing changed\n" : "changed:\n"
        text += differences.map { "  \(visibleText($0.description))\n" }.joined()
        guard let effects else { return text }
        let groups = [
            (effects.opens.filter { !$0.isOneWay }, "answered now"),
            (effects.closes.filter { !$0.isOneWay }, "no longer answered"),
            (effects.opens.filter(\.isOneWay), "arrives now, unanswered"),
            (effects.closes.filter(\.isOneWay), "no longer arrives, and was unanswered"),
        ]
        for (flows, words) in groups where !flows.isEmpty {
            text += "\(words):\n" + flows.map { "  \(visibleText($0.description))\n" }.joined()
        }
        if effects.isNone { text += "no packet fares differently\n" }
        return text + "\(effects.tried) kinds of packet were tried\n"
    }

    /// `compare --format json`.
    private struct Report: Encodable {
        struct Difference: Encodable {
            var namespace: String?
            var part: String
            var text: String
        }
        struct Flow: Encodable {
            var from: String
            var destinations: [String]
            var service: String
            /// Of what nobody answers: who takes it in in one of the networks alone. Else left out.
            var receivers: [String]?
        }
        var schema = "packetwalk.changes/1"
        var changed: [Difference]
        var opens: [Flow]?
        var closes: [Flow]?
        var tried: Int?

        init(_ differences: [SnapshotDifference], _ effects: NetworkComparison?) {
            changed = differences.map { Difference(namespace: $0.namespace, part: $0.part.rawValue, text: $0.text) }
            func flows(_ list: [NetworkComparison.Flow]?) -> [Flow]? {
                list?.map {
                    Flow(
                        from: $0.from, destinations: $0.destinations, service: $0.service,
                        receivers: $0.isOneWay ? $0.receivers : nil)
                }
            }
            opens = flows(effects?.opens)
            closes = flows(effects?.closes)
            tried = effects?.tried
        }
    }
}
