public import Wire

/// An entry of a bridge's multicast database (bridge(8), `bridge mdb`): a port behind which somebody listens to a group.
public struct MDBEntry: Sendable, Codable, Hashable {
    /// The group; nil for one that is a MAC address.
    public var group: IPAddress?
    public var mac: MACAddress?
    /// The only sender that is listened to (RFC 3376); nil for any.
    public var source: IPAddress?
    /// The port, or the bridge itself where its own namespace listens.
    public var device: String
    public var vlan: UInt16?
    /// Entered by hand: it does not age.
    public var permanent: Bool

    public init(
        group: IPAddress?, mac: MACAddress? = nil, source: IPAddress? = nil, device: String, vlan: UInt16? = nil,
        permanent: Bool = false
    ) {
        self.group = group
        self.mac = mac
        self.source = source
        self.device = device
        self.vlan = vlan
        self.permanent = permanent
    }

    enum CodingKeys: String, TolerantKey {
        case group, mac, source, device, vlan, permanent
    }
}
