/// A set of ipset(8), which iptables' rules refer to (`-m set --match-set NAME`).
public struct IPSet: Sendable, Codable, Hashable {
    public var name: String
    /// `hash:net`, `hash:ip,port`, `list:set`, …
    public var type: String
    /// `ip` or `ip6`; nil for a type that has none, such as `bitmap:port`.
    public var family: TableFamily?
    /// As ipset(8) writes them: `192.0.2.0/24`, `192.0.2.1,tcp:80`, `198.51.100.7 nomatch`. In no order.
    public var members: [String]

    public init(name: String, type: String, family: TableFamily? = nil, members: [String] = []) {
        self.name = name
        self.type = type
        self.family = family
        self.members = members
    }

    enum CodingKeys: String, TolerantKey {
        case name, type, family, members
    }
}
