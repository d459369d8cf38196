internal import Network
internal import WalkModel

/// Exchanges that ended, in their order, and the network as it was last read before they did: what drawing them needs.
struct ExchangeGroup {
    var topology: Topology?
    var exchanges: [Exchange] = []
}
