package import Wire

/// What an address is translated to. Empty where the device or an expression decides.
package struct TranslationTarget: Hashable, Sendable {
    /// A prefix, or a range of addresses.
    package var addresses: RuleValue?
    package var ports: ClosedRange<UInt16>?
    /// Of the packets that it translates, where a rule for both families names one (`dnat ip to`).
    package var family: IPAddress.Family?
    /// Where the address is looked up.
    package var map: AddressMap?
    /// Looked up in a map, or made by an expression: nothing tells which address it is.
    package var isComputed: Bool
    /// The port is so.
    package var mayBeAnyPort: Bool

    package init(
        addresses: RuleValue? = nil, ports: ClosedRange<UInt16>? = nil, isComputed: Bool = false,
        mayBeAnyPort: Bool = false, family: IPAddress.Family? = nil
    ) {
        self.addresses = addresses
        self.ports = ports
        self.isComputed = isComputed
        self.mayBeAnyPort = mayBeAnyPort
        self.family = family
    }

    /// The port that a packet gets; nil where the kernel chooses one.
    func port(insteadOf original: UInt16?) -> UInt16? {
        guard let ports else { return mayBeAnyPort ? nil : original }
        if ports.count == 1 { return ports.lowerBound }
        return original.flatMap { ports.contains($0) && !mayBeAnyPort ? $0 : nil }
    }

    /// Whether which address it becomes can't be told.
    var isOneOfSeveral: Bool {
        if isComputed { return true }
        return switch addresses {
        case .addresses(let range): range.lowerBound != range.upperBound
        case .prefix(let prefix): prefix.length < (prefix.address.isIPv4 ? 32 : 128)
        default: false
        }
    }

    /// The target for one packet, where a map says it.
    func resolved(_ packet: PacketState, at site: RuleSite) -> TranslationTarget {
        guard let map else { return self }
        let (address, truth) = map.look(packet, at: site)
        var copy = self
        copy.addresses = address.map { .addresses($0...$0) }
        copy.isComputed = truth != .holds
        return copy
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
