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
    /// Of those of `addresses` that are out of the ordinary; nil where none is.
    public var addressDetails: [AddressDetail]?
    /// Beside "up"; nil where none is set.
    public var flags: [LinkFlag]?
    /// IFLA_TXQLEN, in packets.
    public var transmitQueueLength: UInt32?
    /// The bridge (or bond) that this device is a port of.
    public var master: String?
    public var peer: Peer?
    /// The device below a macvlan or VLAN device.
    public var lower: String?
    /// The namespace of `lower`; nil for the device's own.
    public var lowerNamespace: String?
    /// Of a macvlan, an ipvlan or a tun device.
    public var mode: LinkMode?
    /// Of a macvlan of mode `source`: whose frames it receives.
    public var sources: [MACAddress]?
    /// The VLAN of a VLAN device.
    public var vlan: UInt16?
    /// The queueing discipline at its root: `noqueue`, `fq_codel`, `tbf`, …
    public var queueing: String?
    /// What that one holds and has dropped; nil for `noqueue`.
    public var queue: Queue?
    /// The disciplines beyond the root; nil where there are none.
    public var disciplines: [Discipline]?
    public var bridge: Bridge?
    public var bridgePort: BridgePort?
    public var vxlan: VXLAN?
    public var tunnel: Tunnel?
    public var bond: Bond?
    /// The table that a VRF's ports are routed by.
    public var vrfTable: RoutingTable?
    /// Programs attached: `xdp` (or `xdp generic`, `xdp offload`), `tc ingress NAME`, `tc egress NAME`.
    public var programs: [String]
    /// Of a bridge, the network that somebody made it for; of a guest's device, the guest. Nil where nobody tells.
    public var workload: Workload?

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

    enum CodingKeys: String, TolerantKey {
        case name, index, kind, state, mac, mtu, addresses, master, peer, lower, mode, vlan, queueing, queue, bridge
        case vxlan, programs, flags, sources, disciplines, tunnel, bond, workload
        case addressDetails = "address_details"
        case transmitQueueLength = "tx_queue_length"
        case vrfTable = "vrf_table"
        case duplicateAddresses = "duplicate_addresses"
        case lowerNamespace = "lower_namespace"
        case isUp = "up"
        case hasCarrier = "carrier"
        case bridgePort = "bridge_port"

        static let defaults: [Self: any Sendable] = [
            .kind: LinkKind.ethernet, .state: OperationalState.unknown, .mtu: UInt32(1500),
        ]
    }
}

extension Link {
    /// By its kind, or by the name that every namespace's own one has.
    public var isLoopback: Bool { kind == .loopback || name == "lo" }
    /// Whether it is a device that a tunnel's module puts into every namespace, unused (`net.core.fb_tunnels_only_for_init_net`).
    public var isUnusedTunnel: Bool {
        let names: Set = ["tunl0", "sit0", "ip6tnl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "ip6gre0"]
        return names.contains(name) && !isUp && addresses.isEmpty
    }

    /// Of a macvlan: whether it exchanges frames with siblings in the same mode; true where the mode was not read.
    public var isBridging: Bool { mode == nil || mode == .bridge }
}

extension Link {
    /// What IPv6 asks of every link, in bytes (RFC 8200, section 5).
    public static let leastIPv6MTU: UInt32 = 1280

    /// Whether the kernel takes IPv6 from it for its MTU (addrconf_notify).
    public var isTooSmallForIPv6: Bool { mtu > 0 && mtu < Self.leastIPv6MTU }
}
