internal import Network
internal import WalkModel
internal import Wire

/// An address on a link of a namespace: of the one device that can be seen to have it.
struct Attachment: Sendable {
    /// The namespace's own device on that link, at which IP takes over.
    var device: String
    var holder: Namespace
    var holderDevice: String

    /// Nil where nobody, or more than one, is seen to have the address, or where the holder is not a neighbour of the
    /// namespace as far as IP goes: the other end of a veth pair, or on a link whose network the address is of.
    init?(of address: IPAddress, to namespace: Namespace, _ graph: NetworkGraph) {
        let holders = graph.holders(of: address)
        guard holders.count == 1, let found = holders.first, !address.isLoopback,
            address.isIPv4 || !address.isLinkLocal
        else { return nil }
        let (holder, link) = (graph.namespace(of: found), graph[found])
        guard holder.name != namespace.name, link.isUp, link.kind != .loopback else { return nil }
        for path in graph.segment(out: link.name, of: holder.name).paths
        where !path.isOutside && path.end.namespace == namespace.name {
            guard let port = namespace[device: path.end.device], port.isUp else { continue }
            let isPair = path.steps.count == 1 && path.beginsWithWire
            guard isPair || port.addresses.contains(where: { $0.length > 0 && $0.contains(address) }) else { continue }
            device = port.name
            self.holder = holder
            holderDevice = link.name
            return
        }
        return nil
    }

    /// A route that leads there.
    func route(to address: IPAddress, of namespace: Namespace, table: RoutingTable) -> RemedyAction {
        let words: CommandWords = table == .main ? "" : "table \(table)"
        return .ip(namespace, address.family, "route add \(address) dev \(device) \(words: words)")
    }
}
