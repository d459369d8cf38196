/// How a rule translates addresses (nft(8), iptables-extensions(8)).
public struct TranslationKind: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let masquerade: Self = "masquerade"
    public static let snat: Self = "snat"
    public static let dnat: Self = "dnat"
    public static let redirect: Self = "redirect"
}

extension TranslationKind {
    /// Translates the source; the others translate the destination.
    public var isSource: Bool { self == .masquerade || self == .snat }
}
