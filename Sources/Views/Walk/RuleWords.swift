import Network

/// A rule's name and text, as its own tool's user knows it.
enum RuleWords {
    /// `iptables nat POSTROUTING 1`, `nft inet firewall forward 3`; with `(handle 12)` where asked for or where the
    /// position is not known.
    static func name(_ rule: RuleReference, handle: Bool = false) -> String {
        var words: [String]
        if isIPTables(rule) {
            // By the name of the program that has it where that is not the usual one.
            let program = rule.family == "ip6" ? "ip6tables" : "iptables"
            words = [rule.backend == "iptables-legacy" ? "\(program)-legacy" : program, rule.table, rule.chain]
        } else {
            words = ["nft", rule.family.rawValue, rule.table, rule.chain]
        }
        if let position = rule.position { words.append("\(position)") }
        if let number = rule.handle, handle || rule.position == nil { words.append("(handle \(number))") }
        return words.joined(separator: " ")
    }

    /// The rule without what its name says already.
    static func text(_ rule: RuleReference) -> String? {
        guard let text = rule.text, !text.isEmpty else { return nil }
        let prefix = "-A \(rule.chain) "
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    static func line(_ rule: RuleReference, handle: Bool = false) -> String {
        let name = name(rule, handle: handle)
        if let text = text(rule) { return "\(name): \(text)" }
        return rule.verdict.map { "\(name): \($0)" } ?? name
    }

    /// Whether a packet that met the rule went no further.
    static func stops(_ rule: RuleReference) -> Bool {
        guard let verdict = rule.verdict?.lowercased() else { return false }
        return ["drop", "reject", "policy drop", "stolen"].contains(verdict) || verdict.hasPrefix("reject")
    }

    static func isIPTables(_ rule: RuleReference) -> Bool {
        if let backend = rule.backend { return backend.isIPTables }
        return rule.text?.hasPrefix("-A ") ?? false
    }
}
