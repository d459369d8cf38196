public import Network
public import WalkModel

/// Exchanges that ended, in their order, and the network as it was last read before they did: what drawing them needs.
public struct ExchangeGroup: Sendable {
    public var topology: Topology?
    public var exchanges: [Exchange]

    public init(topology: Topology?, exchanges: [Exchange] = []) {
        self.topology = topology
        self.exchanges = exchanges
    }
}
