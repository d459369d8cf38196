internal import Runs
internal import ArgumentParser
internal import Recording
internal import Wire

struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the walks of a recording or a capture, and explain those that failed. Needs no privilege.",
        discussion: """
            <file> is a recording of packetwalk, a pcapng with several interfaces, or a cooked or NFLOG capture; gzip and \
            zstd are supported. Captures of single devices are combined by --point: \
            `packetwalk replay --point host:veth0=a.pcap --point host:eth0=b.pcap`.
            """)

    @Argument(help: ArgumentHelp("A recording or a capture; all files of a rotated recording.", valueName: "file"))
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
        let reader = run.reader
        try run.replay {
            printer.namesHosts = Set(reader.hosts).count > 1
            try printer.take($0)
        }
        try printer.finish()
        let unread = run.unreadInterfaces
        if run.packetCount == 0, !printer.hasTaken {
            if unread.isEmpty { complain("no packets in this capture") }
        } else if !printer.hasTaken, unread.isEmpty {
            let linkType = run.reader.onlyLinkType.map { " of link type \($0.numberAndName)" } ?? ""
            complain(
                "no traceable packets among \(run.packetCount)\(linkType): a walk needs complete IP or ARP headers")
        }
        if !run.hasTopology, run.packetCount > 0 {
            complain("no network state in this capture: walks are matched by labels, times and addresses only")
        }
        for interface in unread { complain("\(interface)") }
        for damage in run.damage { complain("\(damage)") }
        if !run.damage.isEmpty || run.hasUnreadFile { throw ExitCode(ExitStatus.badInput.rawValue) }
        throw ExitCode(printer.noneStopped ? ExitStatus.success.rawValue : ExitStatus.notArrived.rawValue)
    }

    /// What is to be read: files of one recording, or captures of single devices.
    private func captures() throws -> [CapturePoint] {
        let devices = try points.map { text in
            guard let point = CapturePoint(text) else {
                throw RunError(.usage, "cannot read --point \(text): write it as namespace:device=file")
            }
            return point
        }
        if files.isEmpty == devices.isEmpty {
            throw RunError(.usage, "cannot replay: give either files or captures by --point")
        }
        return files.map { CapturePoint(path: $0) } + devices
    }
}
