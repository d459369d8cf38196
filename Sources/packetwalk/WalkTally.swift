internal import Network
internal import Query
internal import Runs
internal import WalkModel

/// How many packets there were and how they ended, and which exchanges are to be shown at all.
struct WalkTally {
    private(set) var walkCount = 0
    /// Exchanges that were taken: a packet and its reply count as one.
    private(set) var exchangeCount = 0
    /// Whether each request arrived and had the answer that it wants: what is asked of a packet of our own.
    private(set) var allArrived = true
    /// Whether no packet was dropped, rejected, lost or unsent: what is asked of the packets of others.
    private(set) var noneStopped = true
    /// Whether there was anything to show or leave out.
    private(set) var hasTaken = false
    /// Exchanges of neighbour discovery and the like that were left out.
    private(set) var hiddenCount = 0
    private(set) var firstNanoseconds: Int64?
    /// Whether the kernel's own packets are what was asked for.
    private let countsHousekeeping: Bool
    private let hidesHousekeeping: Bool
    private let show: ShowSettings
    private var filter: WalkFilter?
    /// When the network of each host was read from which the filter knows its names.
    private var learned: [String: String] = [:]

    init(_ show: ShowSettings, countsHousekeeping: Bool, hidesHousekeeping: Bool) {
        self.show = show
        filter = show.filter
        self.countsHousekeeping = countsHousekeeping
        self.hidesHousekeeping = hidesHousekeeping
    }

    /// Counts an exchange. Gives whether it is to be shown.
    ///
    /// - Parameter topology: the network as it was last read before the exchange ended.
    mutating func take(_ exchange: Exchange, in topology: Topology?) -> Bool {
        hasTaken = true
        if filter != nil, let topology, learned[topology.host] != topology.time {
            learned[topology.host] = topology.time
            filter?.learnNames(from: topology)
        }
        if firstNanoseconds == nil { firstNanoseconds = exchange.request.startNanoseconds }
        guard isWanted(exchange) else { return false }
        if exchange.request.isHousekeeping, !countsHousekeeping {
            hiddenCount += hidesHousekeeping ? 1 : 0
            return !hidesHousekeeping
        }
        walkCount += exchange.walkCount
        exchangeCount += 1
        if !exchange.arrived { allArrived = false }
        if exchange.wasStopped { noneStopped = false }
        return true
    }

    /// Whether all packets up to `--until` have ended, where the stream has come so far.
    func isPast(_ nanoseconds: Int64) -> Bool {
        guard let until = show.until, let first = firstNanoseconds else { return false }
        return nanoseconds
            > until.nanoseconds(first: first).addingReportingOverflow(Self.endingNanoseconds).partialValue
    }

    /// From when a packet was sent until its walk has ended, also where a queue may hold it.
    private static let endingNanoseconds: Int64 = 5_000_000_000

    private func isWanted(_ exchange: Exchange) -> Bool {
        let start = exchange.request.startNanoseconds
        let first = firstNanoseconds ?? start
        if let since = show.since, start < since.nanoseconds(first: first) { return false }
        if let until = show.until, start > until.nanoseconds(first: first) { return false }
        guard let filter else { return true }
        return filter.matches(exchange.request) || exchange.reply.map(filter.matches) == true
    }
}
