/// The tool whose rules these are.
public struct FirewallBackend: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let nft: Self = "nft"
    /// iptables that keeps its rules in nf_tables.
    public static let iptablesNft: Self = "iptables-nft"
    /// iptables with the kernel's x_tables.
    public static let iptablesLegacy: Self = "iptables-legacy"
}

extension FirewallBackend {
    /// iptables' rules, wherever it keeps them.
    public var isIPTables: Bool { self == .iptablesNft || self == .iptablesLegacy }
}
