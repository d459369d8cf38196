package import Wire

/// One condition of a rule: a field, and the values of which it is to have one (or none).
///
/// Comparisons are ranges (`ttl < 5` is 0 to 4), so that membership is the only relation there is. An empty list of
/// values stands for a condition that can't be evaluated from a snapshot; its field says which.
package struct Match: Hashable, Sendable {
    package var field: RuleField
    /// Bits of the field that count; nil for all.
    package var mask: UInt64?
    package var values: [RuleValue]
    package var isNegated: Bool
    /// Whether a packet without a connection meets it, whatever it asks: `-m conntrack` looks no further than at the state
    /// where there is none (xt_conntrack.c, `conntrack_mt`).
    var isMetWithoutConnection = false

    package init(_ field: RuleField, _ values: [RuleValue] = [], mask: UInt64? = nil, isNegated: Bool = false) {
        self.field = field
        self.values = values
        self.mask = mask
        self.isNegated = isNegated
    }

    /// A condition that no snapshot can answer, as the rule writes it.
    static func other(_ text: String) -> Match { Match(.other(text)) }

    /// The prefixes among its values, those of named sets included.
    package var prefixes: [IPPrefix] {
        func prefixes(_ values: [RuleValue]) -> [IPPrefix] {
            values.flatMap { value -> [IPPrefix] in
                switch value {
                case .prefix(let prefix): [prefix]
                case .named(_, let elements), .tuple(let elements): prefixes(elements)
                default: []
                }
            }
        }
        return prefixes(values)
    }
}
