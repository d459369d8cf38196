public import Wire

/// A network device.
public struct Link: Sendable, Codable, Hashable {
    public var name: String
    public var index: UInt32
    public var kind: LinkKind
    public var state: OperationalState
    /// IFF_UP: what `ip link set up` sets.
    public var isUp: Bool
    /// IFF_LOWER_UP.
    public var hasCarrier: Bool
    public var mac: MACAddress?
    public var mtu: UInt32
    public var addresses: [IPPrefix]
    /// Those that duplicate address detection refused it: somebody else on the link has them. Nil where there are none.
    public var duplicateAddresses: [IPPrefix]?
    /// The bridge (or bond) that this device is a port of.
    public var master: String?
    public var peer: Peer?
    /// The device below a macvlan or VLAN device.
    public var lower: String?
    /// The namespace of `lower`; nil for the device's own.
    public var lowerNamespace: String?
    /// Of a macvlan: `bridge`, `private`, `vepa`, …
    public var mode: String?
    /// The VLAN of a VLAN device.
    public var vlan: UInt16?
    /// The queueing discipline at its root: `noqueue`, `fq_codel`, `tbf`, …
    public var queueing: String?
    /// What that one holds and has dropped; nil for `noqueue`.
    public var queue: Queue?
    public var bridge: Bridge?
    public var bridgePort: BridgePort?
    public var vxlan: VXLAN?
    /// Of a GRE or IP-in-IP device; nil for other kinds, and where it was not read.
    public var tunnel: Tunnel?
    /// Programs attached: `xdp` (or `xdp generic`, `xdp offload`), `tc ingress NAME`, `tc egress NAME`.
    public var programs: [String]

    public init(
        name: String, index: UInt32, kind: LinkKind, state: OperationalState = .up, isUp: Bool = true,
        hasCarrier: Bool = true,
        mac: MACAddress? = nil, mtu: UInt32 = 1500, addresses: [IPPrefix] = [], master: String? = nil,
        peer: Peer? = nil, lower: String? = nil, bridge: Bridge? = nil, bridgePort: BridgePort? = nil,
        vxlan: VXLAN? = nil, programs: [String] = []
    ) {
        self.name = name
        self.index = index
        self.kind = kind
        self.state = state
        self.isUp = isUp
        self.hasCarrier = hasCarrier
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
        self.master = master
        self.peer = peer
        self.lower = lower
        self.bridge = bridge
        self.bridgePort = bridgePort
        self.vxlan = vxlan
        self.programs = programs
    }

    enum CodingKeys: String, CodingKey {
        case name, index, kind, state, mac, mtu, addresses, master, peer, lower, mode, vlan, queueing, queue, bridge
        case vxlan, tunnel, programs
        case duplicateAddresses = "duplicate_addresses"
        case lowerNamespace = "lower_namespace"
        case isUp = "up"
        case hasCarrier = "carrier"
        case bridgePort = "bridge_port"
    }
}
