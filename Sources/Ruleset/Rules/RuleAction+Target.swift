internal import Network
package import Wire

extension RuleAction {
    /// Whether a translation can give a packet an address: unknown ones, and those of devices, can be any.
    package func mayGive(_ address: IPAddress) -> Bool {
        switch self {
        case .sourceTranslation(let target), .destinationTranslation(let target), .netmap(let target):
            switch target.addresses {
            case .addresses(let range)?: range.contains(address)
            case .prefix(let prefix)?: prefix.contains(address)
            default: true
            }
        case .masquerade, .redirect: true
        default: false
        }
    }
}
