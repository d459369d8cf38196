/// The address family of a table (NFPROTO_*, nft(8)): which packets its chains see. iptables' tables are `ip` or `ip6`.
public struct TableFamily: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let ip: Self = "ip"
    public static let ip6: Self = "ip6"
    /// Both IPv4 and IPv6.
    public static let inet: Self = "inet"
    public static let arp: Self = "arp"
    public static let bridge: Self = "bridge"
    public static let netdev: Self = "netdev"
}

extension TableFamily {
    /// Whether a chain of this family sees the packets of `family`: `inet` sees both `ip` and `ip6`.
    public func covers(_ family: Self) -> Bool {
        self == family || self == .inet && (family == .ip || family == .ip6)
    }
}
