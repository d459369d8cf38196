internal import Runs
internal import ArgumentParser
internal import Recording

struct Record: ParsableCommand, TakesCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep everything that walks are made of in one pcapng file, which Wireshark opens too.",
        usage: "packetwalk record -o <file> [<filter> ...] [<options>] [-- <command> ...]",
        discussion: """
            <filter> and a command behind `--` are as for trace. The walks come out of `packetwalk replay FILE`.
            """)

    @Option(
        name: [.customShort("o"), .customLong("output")], help: ArgumentHelp("The file to write.", valueName: "file"))
    var file: String

    @Argument(help: ArgumentHelp("A pcap-filter(7) expression.", valueName: "filter"))
    var filter: [String] = []

    @Option(help: ArgumentHelp("Keep this many bytes of each packet.", valueName: "bytes"))
    var snaplen: Int?

    @Option(help: ArgumentHelp("A ring of files by size or age, as in 10x100MB or 24x1h.", valueName: "ring"))
    var ring: String?

    @Flag(help: "Replace addresses (prefixes stay prefixes) and leave payloads out.")
    var anonymize = false

    @OptionGroup(title: "Watching")
    var watch: WatchOptions

    func run() throws {
        var options = RecordingOptions(
            snapLength: snaplen, anonymizes: anonymize, isFiltered: !filter.isEmpty)
        if let ring {
            guard let parsed = RecordingRing(ring) else {
                throw Failure(.usage, "cannot read --ring \(ring): write it as 10x100MB or 24x1h")
            }
            options.ring = parsed
        }
        if let snaplen, !(64...262_144).contains(snaplen) {
            throw Failure(.usage, "cannot keep \(snaplen) bytes of each packet: --snaplen takes 64 to 262144")
        }
        let recorder = try openRecorder(file, options: options)
        let tracer = Tracer(
            filter: filter.joined(separator: " "), watch: try watch.settings(nil), output: nil, recorder: recorder)
        guard let command = Invocation.command else {
            _ = try tracer.run(Watching())
            return
        }
        if command.isEmpty { throw Failure(.usage, "cannot record a command: none stands behind `--`") }
        let (ended, _) = try tracer.run(RunningCommand(command))
        throw ExitCode(ended.status ?? ExitStatus.success.rawValue)
    }
}
