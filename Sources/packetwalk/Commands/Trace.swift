internal import Runs
internal import ArgumentParser
internal import Glibc
internal import Recording
internal import Views

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

    @Flag(
        help: "Show a live screen of all connections: sort, filter, pause, open one, copy its fix (? lists the keys).")
    var live = false

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
        if live { try checkLive() }
        let recorder = try record.map { try openRecorder($0, options: RecordingOptions(isFiltered: !filter.isEmpty)) }
        var tracer = Tracer(
            filter: filter.joined(separator: " "), watch: settings, output: output, recorder: recorder)
        tracer.announces = !output.quiet
        // A recording is to have whole packets.
        tracer.isSparing = record == nil
        guard let command = Invocation.command else {
            let (_, noneStopped) = live ? try tracer.runLive(Watching()) : try tracer.run(Watching())
            throw ExitCode((noneStopped ? ExitStatus.success : .notArrived).rawValue)
        }
        if command.isEmpty {
            throw RunError(.usage, "cannot trace a command: none follows `--`; give one, or leave `--` out")
        }
        if live {
            // Keys are for the screen.
            let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
            defer { close(nothing) }
            let (ended, _) = try tracer.runLive(RunningCommand(command, input: nothing))
            throw ExitCode(ended.status ?? ExitStatus.success.rawValue)
        }
        let (ended, _) = try tracer.run(RunningCommand(command))
        throw ExitCode(ended.status ?? ExitStatus.success.rawValue)
    }

    /// Throws where a screen can't be what was asked for.
    private func checkLive() throws {
        let others: [(name: String, isGiven: Bool)] = [
            ("--summary", selection.summary), ("--packets", selection.packets), ("--quiet", output.quiet),
            ("--format \(output.format.rawValue)", output.format != .text),
        ]
        if let other = others.first(where: \.isGiven) {
            throw RunError(.usage, "cannot show a live screen with \(other.name): leave one of the two out")
        }
        try LiveTerminal.check()
    }
}
