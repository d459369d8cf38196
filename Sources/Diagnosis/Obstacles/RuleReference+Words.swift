internal import Network

extension RuleReference {
    /// `iptables filter FORWARD 3`, `nft inet filter forward handle 7`.
    var words: String {
        var parts = [backendWord]
        if backend == "nft" || family != "ip" { parts.append(family.rawValue) }
        parts += [table, chain]
        if let position {
            parts.append(String(position))
        } else if let handle {
            parts.append("handle \(handle)")
        }
        return parts.joined(separator: " ")
    }

    var chainWords: String {
        var copy = self
        copy.position = nil
        copy.handle = nil
        return copy.words
    }

    private var backendWord: String {
        switch backend {
        case "nft": "nft"
        case "iptables-legacy": family == "ip6" ? "ip6tables-legacy" : "iptables-legacy"
        default: family == "ip6" ? "ip6tables" : "iptables"
        }
    }
}
