/// A rule that a packet met and that did not match it.
public struct RuleMiss: Sendable, Codable, Hashable {
    public var rule: RuleReference
    /// The first of its conditions that failed, as what the packet is instead: `came in by mybridge`.
    public var because: String

    public init(rule: RuleReference, because: String) {
        self.rule = rule
        self.because = because
    }
}
