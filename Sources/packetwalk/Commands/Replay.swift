internal import Runs
internal import ArgumentParser
internal import Observations
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
        let reader = try open()
        var printer = WalkPrinter(
            output: output, hidesHousekeeping: !reader.isFiltered, filter: try selection.filter(),
            summarises: selection.summary)
        var pipelines = RunPipelines()
        var hasTopology = false
        var packetCount = 0
        try reader.read(
            events: { run, event in
                if case .topology = event { hasTopology = true }
                pipelines.take(event, of: run)
                if case .watermark = event { try printer.take(pipelines.finishedExchanges(of: run)) }
            },
            packets: { run, observation, _ in
                packetCount += 1
                pipelines.take(observation, of: run)
            })
        for run in reader.damagedRuns { pipelines.noteDamage(of: run) }
        try pipelines.finish { try printer.take($0) }
        try printer.finish()
        if packetCount == 0 {
            complain("there is no packet in this capture")
        } else if !printer.hasTaken {
            complain("no walk in \(packetCount) packets: a walk is made of IP and ARP packets with their headers whole")
        }
        if !hasTopology, packetCount > 0 {
            complain("there is no topology in this capture: its walks rest on labels, times and addresses")
        }
        for damage in reader.damage { complain("\(damage)") }
        if !reader.damage.isEmpty { throw ExitCode(ExitStatus.badInput.rawValue) }
        throw ExitCode(printer.allArrived ? ExitStatus.success.rawValue : ExitStatus.notArrived.rawValue)
    }

    private func open() throws -> RecordingReader {
        let captures = try points.map { text in
            guard let point = CapturePoint(text) else {
                throw Failure(.usage, "cannot read --point \(text): write it as namespace:device=file")
            }
            return point
        }
        if files.isEmpty == captures.isEmpty {
            throw Failure(.usage, "cannot replay: name either files or captures with --point")
        }
        do {
            return try RecordingReader(points: files.map { CapturePoint(path: $0) } + captures)
        } catch let error as RecordingError {
            throw Failure(.badInput, "cannot replay \(error)")
        }
    }
}
