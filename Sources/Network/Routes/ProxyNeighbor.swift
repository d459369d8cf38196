public import Wire

/// An address for which the namespace answers ARP requests or neighbour solicitations in another's place
/// (`ip neigh add proxy`).
public struct ProxyNeighbor: Sendable, Codable, Hashable {
    public var address: IPAddress
    /// Where it is asked for; nil for any device.
    public var device: String?

    public init(address: IPAddress, device: String?) {
        self.address = address
        self.device = device
    }
}
