/// A chain without a name inside a rule of nft (`jump { … }`), of which libnftables gives the text alone.
package struct RuleBlock: Hashable, Sendable {
    package var text: String

    /// From the string that stands for such a statement in the JSON; nil for any other.
    init?(_ statement: String) {
        guard statement.hasPrefix("jump {") || statement.hasPrefix("goto {") else { return nil }
        text = statement
    }

    /// After it the caller's next rule does not follow.
    var isGoto: Bool { text.hasPrefix("goto") }

    /// Whether it may lead to other chains, or out of the firewall.
    var leadsOn: Bool {
        let inside = text.drop { $0 != "{" }
        return ["jump", "goto", "vmap", "queue", "tproxy", "synproxy"].contains { RuleBlock(inside: inside).has($0) }
    }

    private init(inside: Substring) { text = String(inside) }

    /// Whether a word stands in it: `drop`, `mark`.
    func has(_ word: String) -> Bool {
        text.split { !($0.isLetter || $0 == "_") }.contains { $0 == word }
    }
}
