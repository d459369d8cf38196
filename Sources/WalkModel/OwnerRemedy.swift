/// What a fix is in the words of the program that the rules belong to: it keeps what its own command sets, and forgets a
/// rule that somebody put among its own.
public struct OwnerRemedy: Sendable, Hashable {
    /// `ufw`, `Docker`.
    public var owner: String
    /// Shell commands, for where the program runs; `…` stands for what only the reader knows. Empty where it has none for this.
    public var commands: [String]
    /// What else is to be said of it, a sentence without its period: what to write where, or what becomes of the rule.
    public var note: String?

    public init(_ owner: String, _ commands: [CommandWords] = [], note: String? = nil) {
        self.init(owner, lines: commands.map { $0.words.map(Self.shown).joined(separator: " ") }, note: note)
    }

    /// `--add-rich-rule='rule family="ipv4" …'`: of an option with a value the value alone is quoted.
    private static func shown(_ word: String) -> String {
        guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else { return shellWord(word) }
        return word[...equals] + shellWord(String(word[word.index(after: equals)...]))
    }

    public init(_ owner: String, lines: [String], note: String?) {
        self.owner = owner
        self.commands = lines
        self.note = note
    }
}
