/// Names one rule.
public struct RuleReference: Sendable, Codable, Hashable {
    public var family: TableFamily
    public var table: String
    public var chain: String
    /// Counted from 1 in its chain, as `iptables -D CHAIN N` counts.
    public var position: Int?
    /// The kernel's handle (nftables, iptables-nft).
    public var handle: UInt64?
    /// `accept`, `drop`, …
    public var verdict: Verdict?
    /// As its own tool writes it: `-A POSTROUTING -s 172.19.0.0/24 -j MASQUERADE`, `ip saddr … masquerade`.
    public var text: String?
    public var backend: FirewallBackend?

    public init(
        family: TableFamily, table: String, chain: String, position: Int? = nil, handle: UInt64? = nil,
        verdict: Verdict? = nil, text: String? = nil, backend: FirewallBackend? = nil
    ) {
        self.family = family
        self.table = table
        self.chain = chain
        self.position = position
        self.handle = handle
        self.verdict = verdict
        self.text = text
        self.backend = backend
    }

    /// What is not known is written as `null`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(family, forKey: .family)
        try container.encode(table, forKey: .table)
        try container.encode(chain, forKey: .chain)
        try container.encode(position, forKey: .position)
        try container.encode(handle, forKey: .handle)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(text, forKey: .text)
        try container.encode(backend, forKey: .backend)
    }

    enum CodingKeys: CodingKey {
        case family, table, chain, position, handle, verdict, text, backend
    }
}
