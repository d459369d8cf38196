/// An IP protocol number (IANA's registry). Unknown values stay printable.
public struct IPProtocol: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    public static let icmp = IPProtocol(rawValue: 1)
    public static let igmp = IPProtocol(rawValue: 2)
    public static let ipip = IPProtocol(rawValue: 4)
    public static let tcp = IPProtocol(rawValue: 6)
    public static let udp = IPProtocol(rawValue: 17)
    public static let dccp = IPProtocol(rawValue: 33)
    public static let ipv6 = IPProtocol(rawValue: 41)
    public static let gre = IPProtocol(rawValue: 47)
    public static let esp = IPProtocol(rawValue: 50)
    public static let ah = IPProtocol(rawValue: 51)
    public static let icmpv6 = IPProtocol(rawValue: 58)
    /// IPv6: nothing follows.
    public static let noNextHeader = IPProtocol(rawValue: 59)
    public static let ospf = IPProtocol(rawValue: 89)
    public static let pim = IPProtocol(rawValue: 103)
    /// IP payload compression (RFC 3173).
    public static let ipComp = IPProtocol(rawValue: 108)
    public static let vrrp = IPProtocol(rawValue: 112)
    public static let sctp = IPProtocol(rawValue: 132)
    public static let udpLite = IPProtocol(rawValue: 136)

    @inlinable public var isICMP: Bool { self == .icmp || self == .icmpv6 }

    /// Whether its header begins with the ports of sender and receiver.
    @inlinable public var hasPorts: Bool { [.tcp, .udp, .dccp, .sctp, .udpLite].contains(self) }

    /// The type of an ICMP redirect: 5 (RFC 792), in ICMPv6 137 (RFC 4861); nil for other protocols.
    @inlinable public var redirectType: UInt8? {
        switch self {
        case .icmp: 5
        case .icmpv6: 137
        default: nil
        }
    }
}

extension IPProtocol: LosslessStringConvertible {
    /// The names of each protocol; the first is `description`, all are understood (protocols(5), nft(8), iptables(8)).
    private static let names: [(number: IPProtocol, names: [String])] = [
        (.icmp, ["icmp"]), (.igmp, ["igmp"]), (.ipip, ["ipip", "ipencap"]), (.tcp, ["tcp"]), (.udp, ["udp"]),
        (.dccp, ["dccp"]), (.ipv6, ["ipv6"]), (.gre, ["gre"]), (.esp, ["esp"]), (.ah, ["ah"]),
        (.icmpv6, ["icmpv6", "ipv6-icmp", "icmp6"]), (.ospf, ["ospf"]), (.pim, ["pim"]), (.ipComp, ["comp"]),
        (.vrrp, ["vrrp"]), (.sctp, ["sctp"]), (.udpLite, ["udplite"]),
    ]
    private static let unnamed = "ip-proto-"

    /// By a name, in whichever case; by its number, alone or as `description` gives it. Nil for any other text.
    public init?(_ text: String) {
        let name = text.lowercased()
        let digits = name.hasPrefix(Self.unnamed) ? name.dropFirst(Self.unnamed.count) : name[...]
        if let known = Self.names.first(where: { $0.names.contains(name) }) {
            self = known.number
        } else if let number = UInt8(digits) {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }

    /// `icmp`, `tcp`, …; `ip-proto-N` for one without a name here.
    public var description: String { name ?? "\(Self.unnamed)\(rawValue)" }

    /// As iptables-save and nft write it in a rule; the number where it has no name.
    public var ruleName: String { self == .icmpv6 ? "ipv6-icmp" : name ?? String(rawValue) }

    private var name: String? { Self.names.first { $0.number == self }?.names.first }
}
