internal import Connections
internal import Runs
internal import Network
internal import Observations
internal import Query
internal import Views
internal import WalkModel
internal import Wire

/// What of a run is shown, and in which units.
struct ShowSettings {
    var filter: WalkFilter?
    var summarises = false
    /// Packets, not connections.
    var packets = false
    /// Only what failed.
    var failedOnly = false
    var time: TimeStyle?
    /// Of the exchanges' requests, in nanoseconds since 1970.
    var since: TimeBound?
    var until: TimeBound?
}

/// Prints connections as they end, or each exchange as soon as it is over, and remembers how all ended.
struct WalkPrinter {
    private var tally: WalkTally
    private(set) var connectionCount = 0
    private(set) var failedCount = 0
    /// Walks that were shown without all rules that they met.
    private var untracedCount = 0
    /// How far the stream of a live run has come, in nanoseconds since 1970.
    var reached = Int64.min
    /// The coarsest share that a walk is of; nil where every packet was looked at.
    private var sampledOneOf: UInt32?
    private var renderer: WalkRenderer
    private var connectionRenderer: ConnectionRenderer
    private let show: ShowSettings
    private var summary: Summary?
    /// Of graphic formats: all that is shown, drawn at the end. Nil where each entry is printed by itself.
    private var picture: Picture?
    /// Nil where packets are shown.
    private let newTracker: ConnectionTracker?
    /// One for each run.
    private var trackers: [RunID: ConnectionTracker] = [:]
    /// Whether time passes with the exchanges, as in a replay, and not by `advance`.
    private let isReplay: Bool
    private var isFirst = true
    private var repeats = WalkRepeats()
    private var connectionRepeats = ConnectionRepeats()
    /// Connections that were told while they went on: whether they had failed then.
    private var told: [UInt64: Bool] = [:]
    /// Whether what was printed last was one line, of something like one before.
    private var wasAgain = false
    /// The newest network of each host.
    private var topologies: [String?: Topology] = [:]
    /// Codes of the causes that were shown, each once.
    private var causes: [String] = []
    /// Whether the idea behind each cause is printed at the end.
    var explainsCauses = false

    /// - Parameter countsHousekeeping: treat what the kernel sends on its own account (ARP, neighbour discovery, group
    ///   membership) as any other packet. Otherwise it is left out of text, where JSON has everything, and whether it
    ///   arrived does not count.
    init(
        output: OutputOptions, countsHousekeeping: Bool, show: ShowSettings = ShowSettings(packets: true),
        isReplay: Bool = false
    ) {
        self.show = show
        self.isReplay = isReplay
        var options = output.renderOptions
        options.time = show.time
        summary = show.summarises ? Summary() : nil
        picture = output.format.isPicture && summary == nil ? Picture(format: output.format, options: options) : nil
        renderer = WalkRenderer(format: output.format, options: options)
        connectionRenderer = ConnectionRenderer(format: output.format, options: options)
        if !show.packets || show.summarises {
            let tellsEarly = !isReplay && !show.summarises && output.format == .text && !output.quiet
            newTracker = ConnectionTracker(reportsEarly: tellsEarly, keepsWalks: output.format == .json)
        } else {
            newTracker = nil
        }
        tally = WalkTally(
            show, countsHousekeeping: countsHousekeeping,
            hidesHousekeeping: !countsHousekeeping && output.format != .json && !output.verbose)
    }

    var exchangeCount: Int { tally.exchangeCount }
    var allArrived: Bool { tally.allArrived }
    var noneStopped: Bool { tally.noneStopped }
    var hasTaken: Bool { tally.hasTaken }

    /// Whether nothing that is still to be shown can follow, where the stream has come so far.
    func isPast(_ nanoseconds: Int64) -> Bool { tally.isPast(nanoseconds) }

    /// Whether walks of several hosts are shown, so that each place needs its host's name.
    var namesHosts: Bool {
        get { renderer.namesHosts }
        set {
            renderer.namesHosts = newValue
            connectionRenderer.namesHosts = newValue
            picture?.namesHosts = newValue
        }
    }

    mutating func take(_ groups: [ExchangeGroup]) throws {
        for group in groups {
            for exchange in group.exchanges { try take(exchange, in: group.topology, run: group.run) }
        }
    }

    mutating func take(_ explanation: Explanation) throws {
        try take([explanation.group])
    }

    /// - Parameter topology: the network as it was last read before the exchange ended.
    mutating func take(_ exchange: Exchange, in topology: Topology?, run: RunID = RunID(rawValue: 0)) throws {
        noteSampling(exchange)
        let start = exchange.request.startNanoseconds
        if !tally.hasTaken {
            renderer.options.timeOrigin = start
            connectionRenderer.options.timeOrigin = start
            picture?.options.timeOrigin = start
        }
        guard tally.take(exchange, in: topology) else { return }
        if let cause = exchange.request.findings.first(where: { $0.severity != .info })?.code.rawValue,
            !causes.contains(cause)
        {
            causes.append(cause)
        }
        if let topology { topologies[exchange.request.host] = topology }
        if let newTracker {
            if isReplay {
                for event in trackers[run]?.advance(toNanoseconds: start) ?? [] { try self.show(event) }
            }
            for event in trackers[run, default: newTracker].take(exchange, topology: topology, reached: reached) {
                try self.show(event)
            }
        }
        if summary != nil {
            summary?.add(exchange.request)
            if let reply = exchange.reply { summary?.add(reply) }
            return
        }
        if newTracker == nil || renderer.format.isForPrograms {
            renderer.trace = newTracker == nil ? nil : trackers[run]?.newestTrace
            try print(exchange, topology)
        }
    }

    private mutating func print(_ exchange: Exchange, _ topology: Topology?) throws {
        if show.failedOnly, !exchange.hasFailed { return }
        let isRead = renderer.format == .text && renderer.options.verbosity != .quiet
        let again = isRead && renderer.options.verbosity < .verbose && !exchange.arrived ? repeats.take(exchange) : nil
        noteUntraced(exchange)
        if picture != nil {
            picture?.add(exchange.request, reply: exchange.reply, topology: topology)
            return
        }
        renderer.topology = topology
        let text =
            try again.map { renderer.render(again: exchange.request, reply: exchange.reply, after: $0) }
            ?? renderer.render(exchange.request, reply: exchange.reply)
        try put(text, isRead: isRead, isAgain: again != nil)
    }

    /// Entries that are read stand apart from each other; lines do not.
    private mutating func put(_ text: String, isRead: Bool, isAgain: Bool) throws {
        let separator = isFirst || !isRead || isAgain && wasAgain ? "" : "\n"
        isFirst = false
        wasAgain = isAgain
        try printOut(separator + text)
    }

    private mutating func noteSampling(_ exchange: Exchange) {
        for oneOf in [exchange.request.sampledOneOf, exchange.reply?.sampledOneOf].compactMap(\.self) {
            sampledOneOf = max(sampledOneOf ?? 1, oneOf)
        }
    }

    private mutating func noteUntraced(_ exchange: Exchange) {
        untracedCount += [exchange.request, exchange.reply].count { $0?.losses.contains(where: \.isInferred) ?? false }
    }

    // MARK: Connections

    /// Lets time pass: what has ended by then is printed.
    mutating func advance(toNanoseconds time: Int64) throws {
        for run in trackers.keys {
            for event in trackers[run]?.advance(toNanoseconds: time) ?? [] { try show(event) }
        }
    }

    private mutating func show(_ event: ConnectionTracker.Event) throws {
        switch event {
        case .underWay(let connection, let number):
            guard !show.failedOnly || connection.hasFailed else { return }
            // One like it has been drawn: it is told at its end.
            if connectionRepeats.take(connection) != nil { return }
            told[number] = connection.hasFailed
            try print(connection, isUnderWay: true)
        case .ended(let connection, let number):
            connectionCount += 1
            if connection.hasFailed { failedCount += 1 }
            let told = told.removeValue(forKey: number)
            if summary != nil {
                summary?.add(connection)
                return
            }
            guard !show.failedOnly || connection.hasFailed else { return }
            noteUntraced(connection.example)
            if renderer.format == .text, renderer.options.verbosity == .normal {
                let like = connectionRepeats.take(connection)
                let note = told == connection.hasFailed ? "ended, as above" : like
                if let note {
                    return try put(connectionRenderer.line(connection, note: note), isRead: true, isAgain: true)
                }
            }
            try print(connection, isUnderWay: false)
        }
    }

    private mutating func print(_ connection: Connection, isUnderWay: Bool) throws {
        if picture != nil {
            picture?.add(connection, topology: topologies[connection.host])
            return
        }
        connectionRenderer.topology = topologies[connection.host]
        let isRead = renderer.format == .text && renderer.options.verbosity != .quiet
        try put(try connectionRenderer.render(connection, isUnderWay: isUnderWay), isRead: isRead, isAgain: false)
    }

    /// `1412 packets in 3 connections, 1 failed`; nil where packets are shown.
    var totals: String? {
        guard newTracker != nil else { return nil }
        let failed = failedCount == 0 ? "none failed" : "\(failedCount) failed"
        return
            "\(Quantity.text(tally.walkCount, "packet")) in \(Quantity.text(connectionCount, "connection")), \(failed)"
    }

    /// No more comes: prints the connections that are left.
    mutating func end() throws {
        for run in trackers.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            for event in trackers[run]?.finish() ?? [] { try show(event) }
        }
    }

    /// The idea behind each cause, where it was asked for; else, for a reader at a terminal, where it is told.
    private func tellCauses() throws {
        guard renderer.format == .text, !causes.isEmpty else { return }
        if explainsCauses {
            for code in causes {
                if let page = HelpTopic.page(code) {
                    try printOut("\n" + page.renderIdea(code: code, renderer.options))
                }
            }
        } else if TerminalFacts.current().isTerminal, renderer.options.verbosity > .quiet, let code = causes.first {
            try printOut("\npacketwalk help \(code) says more of this cause.\n")
        }
    }

    /// Prints what is left, the sums where they were asked for, and what was left out.
    mutating func finish() throws {
        try end()
        if let picture { try printOut(picture.render()) }
        if var report = summary?.report() {
            report.sampledOneOf = sampledOneOf
            if renderer.format == .json {
                try printOut(try jsonLine(report) + "\n")
            } else {
                try printOut(SummaryText(report, renderer.options).text())
            }
        }
        try tellCauses()
        if let sampledOneOf, renderer.format != .json, renderer.options.verbosity > .quiet {
            complain("\(SampleShare(oneOf: sampledOneOf).sentence): counts and bytes are those of the sample")
        }
        // Of these nothing is known to be lost: most walks of a busy host have them, so it is said once.
        if untracedCount > 0, renderer.format != .json, renderer.options.verbosity > .quiet {
            complain(
                "\(untracedCount) walk\(untracedCount == 1 ? "" : "s") shown without all rules that they met: --rules limits the packets traced in a second (--rules all traces every one)"
            )
        }
        if tally.hiddenCount > 0 {
            complain(
                "\(tally.hiddenCount) ARP, neighbour discovery and multicast membership packets not shown (-v shows them)"
            )
        }
    }
}
