internal import Network

/// Lines of a script, grouped by the program that reads them.
struct ScriptText {
    private(set) var lines: [String] = []

    mutating func comment(_ text: String) { lines.append("# \(text)") }

    mutating func blank() { if lines.last?.isEmpty == false { lines.append("") } }

    mutating func add(_ line: String) { lines.append(line) }

    mutating func add(_ other: [String]) { lines += other }

    /// A program with `input` as its standard input, in a namespace of `ip netns` (nil: the one that the script runs in).
    ///
    /// - Parameter function: one of the script's own functions, with its first words.
    mutating func feed(_ function: String, in namespace: String?, _ input: [String]) {
        guard !input.isEmpty else { return }
        // A line of the text that is fed must not end it.
        var mark = "END"
        while input.contains(mark) { mark += "_" }
        lines.append("\(function) \(namespace.map(quoted) ?? "-") <<'\(mark)'")
        lines += input
        lines.append(mark)
    }
}

/// A word for a POSIX shell.
func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./:=,@%+".utf8.contains(byte)
        }
    }
    if plain, !word.isEmpty { return word }
    return "'" + word.replacing("'", with: "'\\''") + "'"
}

/// The words of a line that `ip -batch` reads: blanks part them, quotes hold them together.
///
/// Nil where no such line can say it: a word with a newline, or with both kinds of quotes.
func batchLine(_ words: [String]) -> String? {
    var parts: [String] = []
    for word in words {
        guard !word.utf8.contains(10) else { return nil }
        if !word.isEmpty, !word.utf8.contains(where: { $0 <= 32 || "\"'#\\".utf8.contains($0) }) {
            parts.append(word)
        } else if !word.utf8.contains(UInt8(ascii: "\"")) {
            parts.append("\"\(word)\"")
        } else if !word.utf8.contains(UInt8(ascii: "'")) {
            parts.append("'\(word)'")
        } else {
            return nil
        }
    }
    return parts.joined(separator: " ")
}

extension JSONTree {
    /// A member's text, or its number as text; nil where it is neither.
    func text(_ key: String) -> String? {
        switch self[key] {
        case .string(let text): text
        case .integer(let number): "\(number)"
        case .number(let text): text
        default: nil
        }
    }

    func number(_ key: String) -> Int64? { text(key).flatMap { Int64($0) } }

    /// A flag: a member that is true, or a word of `flags`.
    func has(_ flag: String) -> Bool {
        self[flag]?.isTrue == true || (self["flags"]?.elements ?? []).contains { $0.string == flag }
    }
}
