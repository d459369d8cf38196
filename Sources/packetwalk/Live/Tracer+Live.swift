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
        let leaving = LiveLeaving()
        var tracer = self
        // What is shown is no older, whatever comes.
        tracer.backlogLimit = 1
        let (run, topology, names) = try tracer.start(activity, interruption: leaving)
        defer { run.close() }
        var options = output?.renderOptions ?? RenderOptions()
        options.time = watch.show.time
        let display = try LiveDisplay(
            watched: Self.watched(topology, names), topology: topology, options: options, leaving: leaving)
        var session = LiveSession(self, display, topology: topology, countsHousekeeping: !filter.isEmpty)
        var isLeftEarly = false
        do {
            while let groups = try run.next() {
                for warning in run.newWarnings() { complain(warning) }
                if !run.isWritingOver { session.take(groups, watermark: run.watermark, exchangeTime: run.exchangeTime) }
                session.showIfDue()
                if let count = watch.count, session.tally.exchangeCount >= count { run.stop() }
            }
            isLeftEarly = leaving.hasLeft
            session.finish()
            while leaving.elapsedMilliseconds == nil { usleep(20_000) }
        } catch {
            try? display.close()
            throw error
        }
        try display.close()
        complainOfMissing(isCutShort: run.isCutShort, isLeft: isLeftEarly)
        complain(session.totals)
        return (run.activity, session.tally.noneStopped)
    }
}

/// What the live screen of one run shows: exchanges become rows, which are handed to the display now and then.
private struct LiveSession {
    private(set) var tally: WalkTally
    private var table = ConnectionTable()
    private let display: LiveDisplay
    private let watch: WatchSettings
    private var topology: Topology
    private var watermark = Int64.min
    /// How far the stream has come for connections.
    private var exchangeTime = Int64.min
    private var nextShow: Int64 = 0
    /// Of the newest packets.
    private var sampledOneOf: UInt32?

    /// Rows change so often, and no more.
    private static let showMilliseconds: Int64 = 1000
    /// To make them takes at most one part in so many of the run's time.
    private static let shareOfTime: Int64 = 5

    init(_ tracer: Tracer, _ display: LiveDisplay, topology: Topology, countsHousekeeping: Bool) {
        self.display = display
        watch = tracer.watch
        self.topology = topology
        tally = WalkTally(
            tracer.watch.show, countsHousekeeping: countsHousekeeping,
            hidesHousekeeping: !countsHousekeeping && tracer.output?.verbose != true)
    }

    mutating func take(_ groups: [ExchangeGroup], watermark: Int64, exchangeTime: Int64) {
        for group in groups {
            if let topology = group.topology { self.topology = topology }
            for exchange in group.exchanges {
                if let count = watch.count, tally.exchangeCount >= count { break }
                if !exchange.request.isHousekeeping { sampledOneOf = exchange.request.sampledOneOf }
                if tally.take(exchange, in: group.topology) { table.take(exchange, topology: group.topology) }
            }
        }
        self.watermark = max(self.watermark, watermark)
        self.exchangeTime = max(self.exchangeTime, exchangeTime)
    }

    /// Hands the rows to the display where that is due.
    mutating func showIfDue() {
        let began = monotonicMilliseconds()
        guard began >= nextShow else { return }
        if exchangeTime > .min { table.advance(toNanoseconds: exchangeTime) }
        show(hasEnded: false)
        let cost = monotonicMilliseconds() - began
        nextShow = began + max(Self.showMilliseconds, cost * Self.shareOfTime)
    }

    /// The run is over.
    mutating func finish() {
        if exchangeTime > .min { table.advance(toNanoseconds: exchangeTime) }
        table.finish()
        show(hasEnded: true)
    }

    private func show(hasEnded: Bool) {
        var rows = table.rows
        if watch.show.failedOnly { rows.removeAll { !$0.connection.hasFailed } }
        display.show(
            LiveDisplay.State(
                rows: rows, causes: table.causes, topology: topology, packets: UInt64(tally.walkCount),
                connections: table.connectionCount, failed: table.failedCount, watermark: watermark,
                sampledOneOf: sampledOneOf, hasEnded: hasEnded))
    }

    /// `1412 packets in 3 connections, 1 failed`
    var totals: String {
        let failed = table.failedCount == 0 ? "none failed" : "\(table.failedCount) failed"
        return "\(Quantity.text(tally.walkCount, "packet")) in "
            + "\(Quantity.text(table.connectionCount, "connection")), \(failed)"
    }
}
