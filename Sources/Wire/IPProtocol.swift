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
    public static let icmpv6 = IPProtocol(rawValue: 58)
    /// IPv6: nothing follows.
    public static let noNextHeader = IPProtocol(rawValue: 59)
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
    private static let names: [(IPProtocol, String)] = [
        (.icmp, "icmp"), (.igmp, "igmp"), (.ipip, "ipip"), (.tcp, "tcp"), (.udp, "udp"), (.ipv6, "ipv6"),
        (.gre, "gre"), (.esp, "esp"), (.icmpv6, "icmpv6"), (.sctp, "sctp"),
    ]
    private static let unnamed = "ip-proto-"

    /// Nil for what `description` does not give.
    public init?(_ description: String) {
        if let known = Self.names.first(where: { $0.1 == description }) {
            self = known.0
        } else {
            guard description.hasPrefix(Self.unnamed), let number = UInt8(description.dropFirst(Self.unnamed.count))
            else { return nil }
            self.init(rawValue: number)
        }
    }

    /// `icmp`, `tcp`, …; `ip-proto-N` for one without a name here.
    public var description: String {
        Self.names.first { $0.0 == self }?.1 ?? "\(Self.unnamed)\(rawValue)"
    }
}
