internal import Connections
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Runs
internal import Views
internal import WalkModel

extension Tracer {
    /// Runs until `activity` has ended and the user leaves the screen.
    func runLive<Work: Activity>(_ activity: Work) throws -> (activity: Work, noneStopped: Bool) {
        let (run, topology, names) = try start(activity)
        defer { run.close() }
        var session = try LiveSession(
            self, watched: Self.watched(topology, names), topology: topology,
            countsHousekeeping: !filter.isEmpty)
        defer { session.close() }
        while let groups = try run.next() {
            for warning in run.newWarnings() { complain(warning) }
            if !run.isWritingOver { session.take(groups, watermark: run.watermark) }
            if try !session.serve() { run.stop() }
            if let count = watch.count, session.tally.exchangeCount >= count { run.stop() }
        }
        try session.stayUntilLeft()
        session.close()
        complainOfMissing(isCutShort: run.isCutShort)
        complain(session.totals)
        return (run.activity, session.tally.noneStopped)
    }
}

/// The live screen of one run: exchanges become rows, keys change what is shown, lines are drawn.
private struct LiveSession {
    private(set) var tally: WalkTally
    private var table = ConnectionTable()
    private var screen: LiveScreen
    private let terminal: LiveTerminal
    private let watch: WatchSettings
    private let watched: String
    private var topology: Topology
    private let began = monotonicMilliseconds()
    private var watermark = Int64.min
    private var nextTick: Int64 = 0
    private var elapsedSeconds: Int64 = 0
    private var hasEnded = false
    private var hasLeft = false
    private var toldNote: String?

    /// Rows change so often, and no more, unless a key is pressed.
    private static let tickMilliseconds: Int64 = 1000

    init(_ tracer: Tracer, watched: String, topology: Topology, countsHousekeeping: Bool) throws {
        terminal = try LiveTerminal()
        watch = tracer.watch
        self.watched = watched
        self.topology = topology
        let isVerbose = tracer.output?.verbose == true
        tally = WalkTally(
            tracer.watch.show, countsHousekeeping: countsHousekeeping,
            hidesHousekeeping: !countsHousekeeping && !isVerbose)
        var options = tracer.output?.renderOptions ?? RenderOptions()
        options.time = tracer.watch.show.time
        screen = LiveScreen(options: options, height: terminal.size.rows)
        fit()
    }

    mutating func close() { terminal.close() }

    private mutating func fit() {
        let size = terminal.size
        screen.resize(columns: size.columns, height: size.rows)
    }

    mutating func take(_ groups: [ExchangeGroup], watermark: Int64) {
        for group in groups {
            if let topology = group.topology { self.topology = topology }
            for exchange in group.exchanges {
                if let count = watch.count, tally.exchangeCount >= count { break }
                if tally.take(exchange) { table.take(exchange, topology: group.topology) }
            }
        }
        self.watermark = max(self.watermark, watermark)
    }

    /// Looks at signals and keys, and draws where something is due. Gives false once the user has left.
    mutating func serve() throws -> Bool {
        var isDue = monotonicMilliseconds() >= nextTick
        if isDue { refresh() }
        if try terminal.serveSignals() {
            fit()
            isDue = true
        }
        guard let keys = terminal.keys() else {
            hasLeft = true
            return false
        }
        for key in keys {
            switch screen.press(key) {
            case .quit: hasLeft = true
            case .redraw: terminal.forget()
            case .copy(let text): try terminal.copy(text)
            case nil: break
            }
        }
        if isDue || !keys.isEmpty { try terminal.draw(screen.lines) }
        return !hasLeft
    }

    private mutating func refresh() {
        let now = monotonicMilliseconds()
        nextTick = now + Self.tickMilliseconds
        if !hasEnded {
            elapsedSeconds = (now - began) / 1000
            if watermark > .min { table.advance(toNanoseconds: watermark) }
        }
        var rows = table.rows
        if watch.show.failedOnly { rows.removeAll { !$0.connection.hasFailed } }
        let newest = newestComplaint
        let note = newest == toldNote ? nil : newest
        toldNote = newest
        let facts = LiveScreen.Facts(
            watched: watched, elapsedSeconds: elapsedSeconds, packets: UInt64(tally.walkCount),
            connections: table.connectionCount, failed: table.failedCount, hasEnded: hasEnded, note: note)
        screen.show(rows: rows, causes: table.causes, facts: facts, topology: topology)
    }

    /// The run is over: what it found stays until the user leaves, or a signal comes.
    mutating func stayUntilLeft() throws {
        hasEnded = true
        if watermark > .min { table.advance(toNanoseconds: watermark) }
        table.finish()
        nextTick = 0
        let signals = Signals()
        while !hasLeft, signals.elapsedMilliseconds == nil {
            _ = try serve()
            usleep(20_000)
        }
    }

    /// `1412 packets in 3 connections, 1 failed`
    var totals: String {
        let failed = table.failedCount == 0 ? "none failed" : "\(table.failedCount) failed"
        return "\(Quantity.text(tally.walkCount, "packet")) in "
            + "\(Quantity.text(table.connectionCount, "connection")), \(failed)"
    }
}
