internal import Runs
internal import ArgumentParser
internal import Recording

struct Record: ParsableCommand, TakesCommand {
    static let configuration = CommandConfiguration(
        abstract: "Record everything that a trace observes to one pcapng file, which Wireshark also opens.",
        usage: "packetwalk record -o <file> [<filter> ...] [<options>] [-- <command> ...]",
        discussion: """
            <filter> and the command after `--` are as for trace. `packetwalk replay FILE` shows the walks.
            """)

    @Option(
        name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The file to write.", valueName: "file"),
        completion: .file())
    var file: String

    @Argument(help: ArgumentHelp("A pcap-filter(7) expression.", valueName: "filter"), completion: Completion.filters)
    var filter: [String] = []

    @Option(help: ArgumentHelp("Record at most this many bytes of each packet (64 to 262144).", valueName: "bytes"))
    var snaplen: Int?

    @Option(
        help: ArgumentHelp("Rotate files by size or age, as in 10x100MB or 24x1h.", valueName: "ring"),
        completion: .list(["10x100MB", "24x1h"]))
    var ring: String?

    @Flag(help: "Replace addresses, preserving prefixes, and omit payloads.")
    var anonymize = false

    @OptionGroup(title: "Capture")
    var watch: WatchOptions

    func run() throws {
        var options = RecordingOptions(
            snapLength: snaplen, anonymizes: anonymize, isFiltered: !filter.isEmpty)
        if let ring {
            guard let parsed = RecordingRing(ring) else {
                throw RunError(.usage, "cannot read --ring \(ring): write it as 10x100MB or 24x1h")
            }
            options.ring = parsed
        }
        if let snaplen, !(64...262_144).contains(snaplen) {
            throw RunError(.usage, "cannot record \(snaplen) bytes of each packet: --snaplen must be 64 to 262144")
        }
        let recorder = try openRecorder(file, options: options)
        let tracer = Tracer(
            filter: filter.joined(separator: " "), watch: try watch.settings(nil), output: nil, recorder: recorder)
        guard let command = Invocation.command else {
            _ = try tracer.run(Watching())
            return
        }
        if command.isEmpty {
            throw RunError(.usage, "cannot record a command: none follows `--`; give one, or leave `--` out")
        }
        let (ended, _) = try tracer.run(RunningCommand(command))
        throw ExitCode(ended.status ?? ExitStatus.success.rawValue)
    }
}
