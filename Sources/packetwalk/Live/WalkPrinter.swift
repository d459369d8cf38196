internal import Views
internal import Walks

/// Where a run's exchanges go.
protocol WalkSink {
    /// Walks taken so far, replies among them.
    var walkCount: Int { get }
    mutating func take(_ exchanges: [Exchange]) throws
}

/// Prints each exchange as soon as it is over, and remembers whether all arrived.
struct WalkPrinter: WalkSink {
    private(set) var walkCount = 0
    private(set) var allArrived = true
    /// Exchanges of neighbour discovery and the like that were left out.
    private(set) var hiddenCount = 0
    private let renderer: WalkRenderer
    private let hidesHousekeeping: Bool
    private var isFirst = true

    /// - Parameter hidesHousekeeping: leave out what the kernel sends on its own account (ARP, neighbour discovery,
    ///   group membership) from text; JSON has everything.
    init(output: OutputOptions, hidesHousekeeping: Bool) {
        renderer = WalkRenderer(format: output.format, options: output.renderOptions)
        self.hidesHousekeeping = hidesHousekeeping && output.format != .json && !output.verbose
    }

    mutating func take(_ exchanges: [Exchange]) throws {
        for exchange in exchanges {
            if exchange.request.isHousekeeping {
                hiddenCount += hidesHousekeeping ? 1 : 0
                if hidesHousekeeping { continue }
            } else {
                walkCount += exchange.reply == nil ? 1 : 2
                if !exchange.arrived { allArrived = false }
            }
            let separator = isFirst || renderer.format != .text || renderer.options.verbosity == .quiet ? "" : "\n"
            isFirst = false
            try printOut(separator + renderer.render(exchange.request, reply: exchange.reply))
        }
    }

    /// Says what was left out, where something was.
    func summarise() {
        if hiddenCount > 0 {
            complain("\(hiddenCount) exchanges of neighbour discovery and group membership not shown (-v shows them)")
        }
    }
}

extension Walk {
    /// Sent by the kernel on its own account, not by a program.
    var isHousekeeping: Bool {
        switch `protocol` {
        case "arp", "igmp": true
        case "icmpv6": !summary.contains("echo") && !summary.contains("unreachable") && !summary.contains("exceeded")
            && !summary.contains("too big")
        default: false
        }
    }
}
