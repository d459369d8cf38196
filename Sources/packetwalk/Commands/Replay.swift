internal import Runs
internal import ArgumentParser
internal import LinuxSystem
internal import Recording
internal import Synchronization
internal import Wire

struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Show the connections of a recording or a capture, and explain those that failed. Needs no privilege.",
        discussion: """
            <file> is a recording of packetwalk, a pcapng with several interfaces, or a cooked or NFLOG capture; gzip and \
            zstd are supported. Captures of single devices are combined by --point: \
            `packetwalk replay --point host:veth0=a.pcap --point host:eth0=b.pcap`.
            """)

    @Argument(
        help: ArgumentHelp("A recording or a capture; all files of a rotated recording.", valueName: "file"),
        completion: Completion.captures)
    var files: [String] = []

    @Option(
        name: .customLong("point"),
        help: ArgumentHelp("A capture of one device (repeatable).", valueName: "namespace:device=file"))
    var points: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only packets sent at or after this time: 14:30:05, '2026-11-23 14:30', 2026-11-23T13:30:05Z, @1795485494, or +2.5s after the first packet.",
            valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only packets sent at or before this time, as for --since.", valueName: "time"))
    var until: String?

    @Flag(
        help:
            "Go on with a recording that is still written, as tail -F does, until Ctrl-C or --until; also with the next file of a ring."
    )
    var follow = false

    @OptionGroup(title: "Selection")
    var selection: SelectionOptions

    @OptionGroup(title: "Output")
    var output: OutputOptions

    @OptionGroup(title: "Output")
    var pager: PagerOptions

    func validate() throws {
        if selection.summary { try output.refusePicture(of: "--summary") }
        if follow, files.isEmpty { throw ValidationError("--follow reads on in files, not in captures by --point") }
    }

    func run() throws {
        let signals = Signals()
        let settings = try settings()
        let isPast = Atomic(false)
        let following =
            follow ? Following { signals.isRequested || isPast.load(ordering: .relaxed) || outputIsUnread } : nil
        if follow { signals.listen() }
        var run = try RecordedRun(try captures(), following: following)
        var printer = WalkPrinter(
            output: output, countsHousekeeping: run.reader.isFiltered, show: settings, isReplay: !follow)
        let reader = run.reader
        if !follow { pager.begin() }
        // A recording is often somebody else's, and often read by root.
        confine()
        try run.replay(
            pass: { time, exchangeTime in
                guard follow else { return }
                try printer.advance(toNanoseconds: exchangeTime)
                if printer.isPast(time) { isPast.store(true, ordering: .relaxed) }
            },
            {
                printer.namesHosts = Set(reader.hosts).count > 1
                try printer.take($0)
            })
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

    private func settings() throws -> ShowSettings {
        var settings = try selection.settings()
        settings.since = try bound(since, "--since")
        settings.until = try bound(until, "--until")
        return settings
    }

    private func bound(_ text: String?, _ option: String) throws -> TimeBound? {
        guard let text else { return nil }
        guard let bound = TimeBound(text) else {
            throw RunError(
                .usage,
                "cannot read \(option) \(text): write 14:30:05, '2026-11-23 14:30:05', 2026-11-23T13:30:05Z, @1795485494 or +2.5s"
            )
        }
        return bound
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
