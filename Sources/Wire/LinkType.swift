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
    /// Linux cooked capture, version 1.
    public static let linuxSLL = LinkType(rawValue: 113)
    public static let ipv4 = LinkType(rawValue: 228)
    public static let ipv6 = LinkType(rawValue: 229)
    /// NFLOG messages: TLVs with the packet among them.
    public static let nflog = LinkType(rawValue: 239)
    /// Linux cooked capture, version 2.
    public static let linuxSLL2 = LinkType(rawValue: 276)
}
