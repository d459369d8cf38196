package import Wire

/// What an address is translated to. Empty where the device or an expression decides.
package struct TranslationTarget: Hashable, Sendable {
    /// A prefix, or a range of addresses.
    package var addresses: RuleValue?
    package var ports: ClosedRange<UInt16>?
    /// Looked up in a map, or made by an expression: nothing tells which address it is.
    package var isComputed: Bool
    /// The port is so.
    package var mayBeAnyPort: Bool

    package init(
        addresses: RuleValue? = nil, ports: ClosedRange<UInt16>? = nil, isComputed: Bool = false,
        mayBeAnyPort: Bool = false
    ) {
        self.addresses = addresses
        self.ports = ports
        self.isComputed = isComputed
        self.mayBeAnyPort = mayBeAnyPort
    }

    /// Whether which address it becomes can't be told.
    var isOneOfSeveral: Bool {
        switch addresses {
        case .addresses(let range): range.lowerBound != range.upperBound
        case .prefix(let prefix): prefix.length < (prefix.address.isIPv4 ? 32 : 128)
        default: isComputed
        }
    }

    /// The first address that it may become.
    package var first: IPAddress? {
        switch addresses {
        case .addresses(let range): range.lowerBound
        case .prefix(let prefix): prefix.network.address
        default: nil
        }
    }

    /// The address with the host part of `original` in the target's network.
    func counterpart(of original: IPAddress) -> IPAddress? {
        guard case .prefix(let prefix)? = addresses, prefix.address.family == original.family,
            let network = IPPrefix(original, length: prefix.length)?.network
        else { return nil }
        var result = prefix.network.address
        result.high |= original.high ^ network.address.high
        result.low |= original.low ^ network.address.low
        return result
    }
}
