package import Wire

/// What a condition compares its field with.
package indirect enum RuleValue: Hashable, Sendable {
    case prefix(IPPrefix)
    case addresses(ClosedRange<IPAddress>)
    case numbers(ClosedRange<UInt64>)
    /// The name of a device; `isPrefix` where the rule ends in a wildcard.
    case device(String, isPrefix: Bool)
    case mac(MACAddress)
    /// Lower case: `established`, `dnat`, `local`, `ipv4`.
    case word(String)
    /// One value for each part of a concatenation.
    case tuple([RuleValue])
    /// A named set with its elements.
    case named(String, [RuleValue])
    /// An address whose bits under a mask are these.
    case maskedAddress(IPAddress, mask: IPAddress)
    /// nft's `*`: whatever no other element of the set is.
    case any
    /// What could not be read, as the rule writes it.
    case unreadable(String)

    static func number(_ value: UInt64) -> RuleValue { .numbers(value...value) }
}
