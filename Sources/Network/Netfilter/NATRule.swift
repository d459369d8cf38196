/// A rule that translates addresses.
public struct NATRule: Sendable, Codable, Hashable {
    public var kind: TranslationKind
    public var rule: RuleReference
    /// What it matches, as text: `172.19.0.0/24`; nil for everything.
    public var match: String?
    /// What it translates to; nil for masquerade.
    public var to: String?
    public init(kind: TranslationKind, rule: RuleReference, match: String? = nil, to: String? = nil) {
        self.kind = kind
        self.rule = rule
        self.match = match
        self.to = to
    }

    enum CodingKeys: String, TolerantKey {
        case kind, rule, match, to
    }
}
