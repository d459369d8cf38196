internal import Runs
internal import Network
internal import Query
internal import Views
internal import WalkModel

/// Prints each exchange as soon as it is over, and remembers how all ended.
struct WalkPrinter {
    private(set) var walkCount = 0
    /// Whether each request arrived and had the answer that it wants: what is asked of a packet of our own.
    private(set) var allArrived = true
    /// Whether no packet was dropped, rejected, lost or unsent: what is asked of the packets of others.
    private(set) var noneStopped = true
    /// Whether there was anything to show or leave out.
    private(set) var hasTaken = false
    /// Exchanges of neighbour discovery and the like that were left out.
    private(set) var hiddenCount = 0
    /// Walks that were shown without all rules that they met.
    private var untracedCount = 0
    private var renderer: WalkRenderer
    /// Whether the kernel's own packets are what was asked for.
    private let countsHousekeeping: Bool
    private let hidesHousekeeping: Bool
    private let filter: WalkFilter?
    private var summary: Summary?
    private var isFirst = true
    private var repeats = WalkRepeats()
    /// Whether what was printed last was an exchange that failed as one before.
    private var wasAgain = false

    /// - Parameter countsHousekeeping: treat what the kernel sends on its own account (ARP, neighbour discovery, group
    ///   membership) as any other packet. Otherwise it is left out of text, where JSON has everything, and whether it
    ///   arrived does not count.
    init(
        output: OutputOptions, countsHousekeeping: Bool, filter: WalkFilter? = nil, summarises: Bool = false
    ) {
        self.filter = filter
        summary = summarises ? Summary() : nil
        renderer = WalkRenderer(format: output.format, options: output.renderOptions)
        self.countsHousekeeping = countsHousekeeping
        hidesHousekeeping = !countsHousekeeping && output.format != .json && !output.verbose
    }

    /// Whether walks of several hosts are shown, so that each place needs its host's name.
    var namesHosts: Bool {
        get { renderer.namesHosts }
        set { renderer.namesHosts = newValue }
    }

    mutating func take(_ groups: [ExchangeGroup]) throws {
        for group in groups {
            for exchange in group.exchanges { try take(exchange, in: group.topology) }
        }
    }

    mutating func take(_ explanation: Explanation) throws {
        try take([explanation.group])
    }

    /// - Parameter topology: the network as it was last read before the exchange ended.
    mutating func take(_ exchange: Exchange, in topology: Topology?) throws {
        hasTaken = true
        guard isWanted(exchange) else { return }
        if exchange.request.isHousekeeping, !countsHousekeeping {
            hiddenCount += hidesHousekeeping ? 1 : 0
            if hidesHousekeeping { return }
        } else {
            walkCount += exchange.walkCount
            if !exchange.arrived { allArrived = false }
            if exchange.wasStopped { noneStopped = false }
        }
        if summary != nil {
            summary?.add(exchange.request)
            if let reply = exchange.reply { summary?.add(reply) }
            return
        }
        let isRead = renderer.format == .text && renderer.options.verbosity != .quiet
        let again = isRead && renderer.options.verbosity < .verbose && !exchange.arrived ? repeats.take(exchange) : nil
        let separator = isFirst || !isRead || again != nil && wasAgain ? "" : "\n"
        isFirst = false
        wasAgain = again != nil
        untracedCount += [exchange.request, exchange.reply].count { $0?.losses.contains(where: \.isInferred) ?? false }
        renderer.topology = topology
        if let again {
            let line = renderer.render(again: exchange.request, reply: exchange.reply, after: again)
            try printOut(separator + line)
            return
        }
        try printOut(separator + renderer.render(exchange.request, reply: exchange.reply))
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
        // Of these nothing is known to be lost: most walks of a busy host have them, so it is said once.
        if untracedCount > 0, renderer.format != .json, renderer.options.verbosity > .quiet {
            complain(
                "\(untracedCount) walk\(untracedCount == 1 ? "" : "s") shown without all rules that they met: --rules limits the packets traced in a second (--rules all traces every one)"
            )
        }
        if hiddenCount > 0 {
            complain(
                "\(hiddenCount) ARP, neighbour discovery and multicast membership packets not shown (-v shows them)")
        }
    }
}
