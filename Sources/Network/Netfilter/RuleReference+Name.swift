extension RuleReference {
    /// As its own tool's user knows it: `iptables nat POSTROUTING 1`, `nft inet firewall forward 3`.
    public var name: String { name(withHandle: false) }

    /// - Parameter withHandle: whether `(handle 12)` follows also where the position is known.
    public func name(withHandle: Bool) -> String {
        var words = [chainName]
        if let position { words.append("\(position)") }
        if let handle, withHandle || position == nil { words.append("(handle \(handle))") }
        return words.joined(separator: " ")
    }

    /// The name of the chain that it is in: `iptables nat POSTROUTING`.
    public var chainName: String {
        guard isIPTables else { return "nft \(family) \(table) \(chain)" }
        // By the name of the program that has it where that is not the usual one.
        let program = family == .ip6 ? "ip6tables" : "iptables"
        return "\(program)\(backend == .iptablesLegacy ? "-legacy" : "") \(table) \(chain)"
    }

    /// Whether it is a rule of iptables; where the backend is not known, judged by the rule's text.
    public var isIPTables: Bool { backend?.isIPTables ?? text?.hasPrefix("-A ") ?? false }
}
