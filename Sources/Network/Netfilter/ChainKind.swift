/// The type of a base chain (nft(8)): what its verdicts apply to.
public struct ChainKind: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let filter: Self = "filter"
    /// Sees the first packet of each connection only.
    public static let nat: Self = "nat"
    /// Routes a packet again that it changed.
    public static let route: Self = "route"
}
