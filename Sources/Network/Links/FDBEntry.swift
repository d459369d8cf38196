public import Wire

/// An entry of a bridge's or a VXLAN device's forwarding database.
public struct FDBEntry: Sendable, Codable, Hashable {
    public var mac: MACAddress
    /// The port, for a bridge.
    public var device: String?
    public var vlan: UInt16?
    /// The remote end, for a VXLAN.
    public var destination: IPAddress?
    public var permanent: Bool
    public init(
        mac: MACAddress, device: String? = nil, vlan: UInt16? = nil, destination: IPAddress? = nil,
        permanent: Bool = false
    ) {
        self.mac = mac
        self.device = device
        self.vlan = vlan
        self.destination = destination
        self.permanent = permanent
    }

    enum CodingKeys: String, TolerantKey {
        case mac, device, vlan, destination, permanent
    }
}
