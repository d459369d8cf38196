public import Network
public import Observations
public import WalkModel

/// Exchanges that ended, in their order, and the network as it was last read before they did: what drawing them needs.
public struct ExchangeGroup: Sendable {
    public var topology: Topology?
    public var exchanges: [Exchange]
    /// Of several runs that are replayed together: each has a clock of its own.
    public var run: RunID

    public init(topology: Topology?, exchanges: [Exchange] = [], run: RunID = RunID(rawValue: 0)) {
        self.run = run
        self.topology = topology
        self.exchanges = exchanges
    }
}
