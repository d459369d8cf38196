/// A chain without a name inside a rule of nft (`jump { … }`), of which libnftables gives the text alone.
package struct RuleBlock: Hashable, Sendable {
    package var text: String

    /// From the string that stands for such a statement in the JSON; nil for any other.
    init?(_ statement: String) {
        guard statement.hasPrefix("jump {") || statement.hasPrefix("goto {") else { return nil }
        text = statement
    }

    /// Whether a word stands in it: `drop`, `mark`.
    func has(_ word: String) -> Bool {
        text.split { !($0.isLetter || $0 == "_") }.contains { $0 == word }
    }
}
