internal import Network
internal import Wire

extension Namespace {
    var proxyNeighbors: [Neighbor]? { nil }
}
extension Link {
    var usesARP: Bool? { nil }
}
