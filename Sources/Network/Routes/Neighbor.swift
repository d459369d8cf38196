public import Wire

/// An entry of the neighbour table (ARP, NDP).
public struct Neighbor: Sendable, Codable, Hashable {
    public var address: IPAddress
    public var device: String
    public var mac: MACAddress?
    public var state: NeighborState
    public init(address: IPAddress, device: String, mac: MACAddress? = nil, state: NeighborState) {
        self.address = address
        self.device = device
        self.mac = mac
        self.state = state
    }

    enum CodingKeys: String, TolerantKey {
        case address, device, mac, state

        static let defaults: [Self: any Sendable] = [.state: NeighborState.none]
    }
}
