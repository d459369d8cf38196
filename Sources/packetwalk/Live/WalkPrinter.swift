internal import Runs
internal import Query
internal import Views
internal import WalkModel

/// Where a run's exchanges go.
protocol WalkSink {
    /// Walks taken so far, replies among them.
    var walkCount: Int { get }
    mutating func take(_ groups: [ExchangeGroup]) throws
}

/// Counts walks, and shows none.
struct WalkCounter: WalkSink {
    private(set) var walkCount = 0
    mutating func take(_ groups: [ExchangeGroup]) {
        for exchange in groups.lazy.flatMap(\.exchanges) { walkCount += exchange.reply == nil ? 1 : 2 }
    }
}

/// Prints each exchange as soon as it is over, and remembers whether all arrived.
struct WalkPrinter: WalkSink {
    private(set) var walkCount = 0
    private(set) var allArrived = true
    /// Whether there was anything to show or leave out.
    private(set) var hasTaken = false
    /// Exchanges of neighbour discovery and the like that were left out.
    private(set) var hiddenCount = 0
    private var renderer: WalkRenderer
    private let hidesHousekeeping: Bool
    private let filter: WalkFilter?
    private var summary: Summary?
    private var isFirst = true

    /// - Parameter hidesHousekeeping: leave out what the kernel sends on its own account (ARP, neighbour discovery,
    ///   group membership) from text; JSON has everything.
    init(
        output: OutputOptions, hidesHousekeeping: Bool, filter: WalkFilter? = nil, summarises: Bool = false
    ) {
        self.filter = filter
        summary = summarises ? Summary() : nil
        renderer = WalkRenderer(format: output.format, options: output.renderOptions)
        self.hidesHousekeeping = hidesHousekeeping && output.format != .json && !output.verbose
    }

    mutating func take(_ groups: [ExchangeGroup]) throws {
        for group in groups {
            renderer.topology = group.topology
            try take(group.exchanges)
        }
    }

    private mutating func take(_ exchanges: [Exchange]) throws {
        if !exchanges.isEmpty { hasTaken = true }
        for exchange in exchanges where isWanted(exchange) {
            if exchange.request.isHousekeeping {
                hiddenCount += hidesHousekeeping ? 1 : 0
                if hidesHousekeeping { continue }
            } else {
                walkCount += exchange.reply == nil ? 1 : 2
                if !exchange.arrived { allArrived = false }
            }
            if summary != nil {
                summary?.add(exchange.request)
                if let reply = exchange.reply { summary?.add(reply) }
                continue
            }
            let separator = isFirst || renderer.format != .text || renderer.options.verbosity == .quiet ? "" : "\n"
            isFirst = false
            try printOut(separator + renderer.render(exchange.request, reply: exchange.reply))
        }
    }

    private func isWanted(_ exchange: Exchange) -> Bool {
        guard let filter else { return true }
        return filter.matches(exchange.request) || exchange.reply.map(filter.matches) == true
    }

    /// Prints the sums where they were asked for, and says what was left out.
    func finish() throws {
        if let report = summary?.report() {
            if renderer.format == .json {
                try printOut(try jsonLine(report) + "\n")
            } else {
                for table in report.tables {
                    let rows = table.rows.map { Table.Row($0) }
                    try printOut(
                        visibleText(table.title) + "\n"
                            + Table(heading: table.heading, rows: rows).render(renderer.options) + "\n")
                }
            }
        }
        if hiddenCount > 0 {
            complain("\(hiddenCount) exchanges of neighbour discovery and group membership not shown (-v shows them)")
        }
    }
}
