internal import Runs
internal import ArgumentParser
internal import Recording

struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the walks and their causes from a recording, with no privilege.",
        discussion: """
            <file> is a recording of packetwalk, any pcapng with several interfaces, a cooked or NFLOG capture; gzip and \
            zstd are read too. Captures of single links are joined by --point: \
            `packetwalk replay --point host:veth0=a.pcap --point host:eth0=b.pcap`.
            """)

    @Argument(help: ArgumentHelp("A recording or a capture; all files of a ring.", valueName: "file"))
    var files: [String] = []

    @Option(
        name: .customLong("point"),
        help: ArgumentHelp("A capture of one device (repeatable).", valueName: "namespace:device=file"))
    var points: [String] = []

    @OptionGroup(title: "Selection")
    var selection: SelectionOptions

    @OptionGroup(title: "Output")
    var output: OutputOptions

    func run() throws {
        var run = try RecordedRun(try captures())
        var printer = WalkPrinter(
            output: output, countsHousekeeping: run.reader.isFiltered, filter: try selection.filter(),
            summarises: selection.summary)
        try run.replay { try printer.take($0) }
        try printer.finish()
        if run.packetCount == 0 {
            complain("there is no packet in this capture")
        } else if !printer.hasTaken {
            complain(
                "no walk in \(run.packetCount) packets: a walk is made of IP and ARP packets with their headers whole")
        }
        if !run.hasTopology, run.packetCount > 0 {
            complain("there is no topology in this capture: its walks rest on labels, times and addresses")
        }
        for damage in run.damage { complain("\(damage)") }
        if !run.damage.isEmpty { throw ExitCode(ExitStatus.badInput.rawValue) }
        throw ExitCode(printer.allArrived ? ExitStatus.success.rawValue : ExitStatus.notArrived.rawValue)
    }

    /// What is to be read: files of one recording, or captures of single devices.
    private func captures() throws -> [CapturePoint] {
        let devices = try points.map { text in
            guard let point = CapturePoint(text) else {
                throw Failure(.usage, "cannot read --point \(text): write it as namespace:device=file")
            }
            return point
        }
        if files.isEmpty == devices.isEmpty {
            throw Failure(.usage, "cannot replay: name either files or captures with --point")
        }
        return files.map { CapturePoint(path: $0) } + devices
    }
}
