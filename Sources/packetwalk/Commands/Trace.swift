internal import Runs
internal import ArgumentParser
internal import Recording

/// A command that takes another one behind `--`.
protocol TakesCommand {}

struct Trace: ParsableCommand, TakesCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trace real traffic as it passes, and explain what was dropped.",
        usage: "packetwalk trace [<filter> ...] [<options>] [-- <command> ...]",
        discussion: """
            <filter> is a pcap-filter(7) expression, as for tcpdump: `packetwalk trace icmp and host 198.51.100.1`. \
            Each connection is shown when it ends, and at once when it fails; --packets shows each packet. \
            A packet is taken if it matches at any point of its path, so a filter may name an address from either side of \
            a translation. With a command after `--` the trace lasts as long as the command: \
            `packetwalk trace icmp -- ip netns exec mynamespace ping -c1 198.51.100.1`. Without one it lasts until Ctrl-C.
            """)

    @Argument(help: ArgumentHelp("A pcap-filter(7) expression.", valueName: "filter"), completion: Completion.filters)
    var filter: [String] = []

    @Option(help: ArgumentHelp("Also record the run to this file.", valueName: "file"), completion: .file())
    var record: String?

    @OptionGroup(title: "Capture")
    var watch: WatchOptions

    @OptionGroup(title: "Selection")
    var selection: SelectionOptions

    @OptionGroup(title: "Output")
    var output: OutputOptions

    func validate() throws {
        if selection.summary { try output.refusePicture(of: "--summary") }
    }

    func run() throws {
        let settings = try watch.settings(selection)
        let recorder = try record.map { try openRecorder($0, options: RecordingOptions(isFiltered: !filter.isEmpty)) }
        var tracer = Tracer(
            filter: filter.joined(separator: " "), watch: settings, output: output, recorder: recorder)
        tracer.announces = !output.quiet
        guard let command = Invocation.command else {
            let (_, noneStopped) = try tracer.run(Watching())
            throw ExitCode((noneStopped ? ExitStatus.success : .notArrived).rawValue)
        }
        if command.isEmpty {
            throw RunError(.usage, "cannot trace a command: none follows `--`; give one, or leave `--` out")
        }
        let (ended, _) = try tracer.run(RunningCommand(command))
        throw ExitCode(ended.status ?? ExitStatus.success.rawValue)
    }
}
