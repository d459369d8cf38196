package import Wire
internal import Network

/// nft's `map` from which a translation takes the address: the value of the first key that the field has.
package struct AddressMap: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package var key: RuleValue
        package var address: IPAddress
    }

    package var field: RuleField
    package var mask: UInt64?
    package var entries: [Entry]

    /// The address for a packet: `fails` where no key is its own, and then the rule ends; where it can't be told, the
    /// first that it may be, but `holds` where all are one.
    func look(_ packet: PacketState, at site: RuleSite) -> (address: IPAddress?, truth: Truth) {
        var possible: [IPAddress] = []
        for entry in entries {
            switch field.truth(of: [entry.key], mask: mask, packet, site, isNegated: false) {
            case .holds where possible.allSatisfy({ $0 == entry.address }): return (entry.address, .holds)
            case .holds: return (possible.first, .unknown)
            case .unknown: possible.append(entry.address)
            case .fails: continue
            }
        }
        return possible.isEmpty ? (nil, .fails) : (possible.first, .unknown)
    }
}
