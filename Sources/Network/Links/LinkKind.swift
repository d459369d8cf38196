/// What a network device is: IFLA_INFO_KIND (linux/if_link.h), as `ip -d link` prints it. A device without one is
/// `loopback` or `ethernet`, by its ARPHRD type.
public struct LinkKind: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let loopback: Self = "loopback"
    /// Any device without a kind of its own: a network card.
    public static let ethernet: Self = "ethernet"
    public static let veth: Self = "veth"
    public static let netkit: Self = "netkit"
    public static let vxcan: Self = "vxcan"
    public static let bridge: Self = "bridge"
    public static let bond: Self = "bond"
    public static let vrf: Self = "vrf"
    public static let macvlan: Self = "macvlan"
    public static let macvtap: Self = "macvtap"
    public static let ipvlan: Self = "ipvlan"
    public static let vlan: Self = "vlan"
    public static let vxlan: Self = "vxlan"
    /// Tun and tap devices; `Link.mode` says which.
    public static let tun: Self = "tun"
    public static let dummy: Self = "dummy"
    /// Takes what a filter redirects to it, queues it, and gives it back.
    public static let ifb: Self = "ifb"
    public static let gre: Self = "gre"
    public static let gretap: Self = "gretap"
    public static let ipip: Self = "ipip"
    public static let sit: Self = "sit"
    public static let ip6Tunnel: Self = "ip6tnl"
    public static let ip6GRE: Self = "ip6gre"
    public static let ip6GRETap: Self = "ip6gretap"
    public static let geneve: Self = "geneve"
    public static let wireguard: Self = "wireguard"
    /// PPP, whatever carries it: a session over Ethernet (PPPoE), L2TP, PPTP, a serial line.
    public static let ppp: Self = "ppp"
}

extension LinkKind {
    /// Comes in pairs: what one end sends, the other receives.
    public var isPair: Bool { self == .veth || self == .netkit || self == .vxcan }

    /// Shares the device below it with others, each with a MAC address of its own.
    public var isMacvlan: Bool { self == .macvlan || self == .macvtap }

    /// Puts whole packets into packets of its own.
    public var isTunnel: Bool { Self.tunnels.contains(self) }

    /// Of tunnels those that carry IP packets, not frames: there is nobody to ask for a link-layer address.
    public var isIPTunnel: Bool { isTunnel && !Self.ethernetTunnels.contains(self) }

    private static let ethernetTunnels: Set<Self> = [.vxlan, .gretap, .ip6GRETap, .geneve]

    private static let tunnels: Set<Self> = [
        .vxlan, .gre, .gretap, .ipip, .sit, .ip6Tunnel, .ip6GRE, .ip6GRETap, .geneve, .ppp,
    ]
}
