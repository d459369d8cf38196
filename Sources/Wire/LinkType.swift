/// A link-layer header type as captures name it: the LINKTYPE_ values of the tcpdump group's registry.
public struct LinkType: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: UInt16

    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// BSD loopback: the family as a 32-bit number in the writer's byte order.
    public static let null = LinkType(rawValue: 0)
    public static let ethernet = LinkType(rawValue: 1)
    /// PPP, with or without the HDLC-like framing of RFC 1662.
    public static let ppp = LinkType(rawValue: 9)
    /// PPP in HDLC-like framing, or Cisco's HDLC.
    public static let pppHDLC = LinkType(rawValue: 50)
    /// PPPoE session packets without the Ethernet header (RFC 2516).
    public static let pppEther = LinkType(rawValue: 51)
    /// An IPv4 or IPv6 packet without a link-layer header.
    public static let raw = LinkType(rawValue: 101)
    /// Raw IP as files of BSD and OpenBSD number it.
    public static let bsdRaw = LinkType(rawValue: 12)
    public static let openBSDRaw = LinkType(rawValue: 14)
    /// Cisco HDLC.
    public static let ciscoHDLC = LinkType(rawValue: 104)
    /// IEEE 802.11 frames.
    public static let wlan = LinkType(rawValue: 105)
    /// Frame Relay (RFC 2427).
    public static let frameRelay = LinkType(rawValue: 107)
    /// OpenBSD loopback: as `null`, in network byte order.
    public static let loop = LinkType(rawValue: 108)
    /// Linux cooked capture, version 1.
    public static let linuxSLL = LinkType(rawValue: 113)
    /// IEEE 802.11 frames behind a header of the Prism driver, a radiotap header, or AVS's.
    public static let wlanPrism = LinkType(rawValue: 119)
    public static let wlanRadiotap = LinkType(rawValue: 127)
    public static let wlanAVS = LinkType(rawValue: 163)
    /// PPP behind a byte that gives the direction, as pppd writes it.
    public static let pppd = LinkType(rawValue: 166)
    public static let pppWithDirection = LinkType(rawValue: 204)
    /// An MPLS label stack and what it carries (RFC 3032).
    public static let mpls = LinkType(rawValue: 219)
    public static let ipv4 = LinkType(rawValue: 228)
    public static let ipv6 = LinkType(rawValue: 229)
    /// NFLOG messages: TLVs with the packet among them.
    public static let nflog = LinkType(rawValue: 239)
    /// Linux cooked capture, version 2.
    public static let linuxSLL2 = LinkType(rawValue: 276)
    /// Ethernet with the tag of a switch (Linux DSA): Broadcom's behind the source address or in front of all,
    /// Marvell's, and Marvell's behind an EtherType of its own.
    public static let dsaBroadcom = LinkType(rawValue: 281)
    public static let dsaBroadcomPrepended = LinkType(rawValue: 282)
    public static let dsaMarvell = LinkType(rawValue: 284)
    public static let dsaMarvellEtherType = LinkType(rawValue: 285)

    /// Whether `dissect` reads packets of this type.
    public var isRead: Bool {
        switch self {
        case .null, .ethernet, .ppp, .bsdRaw, .openBSDRaw, .pppHDLC, .pppEther, .raw, .ciscoHDLC, .wlan, .frameRelay,
            .loop, .linuxSLL, .wlanPrism, .wlanRadiotap, .wlanAVS, .pppd, .pppWithDirection, .mpls, .ipv4, .ipv6,
            .nflog, .linuxSLL2, .dsaBroadcom, .dsaBroadcomPrepended, .dsaMarvell, .dsaMarvellEtherType:
            true
        default: false
        }
    }
}

extension LinkType: CustomStringConvertible {
    /// The registry's name in lower case, or `linktype-N`.
    public var description: String {
        switch self {
        case .null: "null"
        case .ethernet: "ethernet"
        case .raw, .bsdRaw, .openBSDRaw: "raw"
        case .loop: "loop"
        case .linuxSLL: "linux-sll"
        case .ipv4: "ipv4"
        case .ipv6: "ipv6"
        case .nflog: "nflog"
        case .linuxSLL2: "linux-sll2"
        default: "linktype-\(rawValue)"
        }
    }
}
