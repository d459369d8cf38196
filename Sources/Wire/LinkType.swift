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
    /// An IPv4 or IPv6 packet without a link-layer header.
    public static let raw = LinkType(rawValue: 101)
    /// Raw IP as files of BSD and OpenBSD number it.
    public static let bsdRaw = LinkType(rawValue: 12)
    public static let openBSDRaw = LinkType(rawValue: 14)
    /// OpenBSD loopback: as `null`, in network byte order.
    public static let loop = LinkType(rawValue: 108)
    /// Linux cooked capture, version 1.
    public static let linuxSLL = LinkType(rawValue: 113)
    public static let ipv4 = LinkType(rawValue: 228)
    public static let ipv6 = LinkType(rawValue: 229)
    /// NFLOG messages: TLVs with the packet among them.
    public static let nflog = LinkType(rawValue: 239)
    /// Linux cooked capture, version 2.
    public static let linuxSLL2 = LinkType(rawValue: 276)
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
