internal import Network

/// Lines of a script, grouped by the program that reads them.
struct ScriptText {
    private(set) var steps: [TwinStep] = []

    mutating func comment(_ text: String) { steps.append(.remark("# \(text)")) }

    mutating func blank() { if let last = steps.last, last != .remark("") { steps.append(.remark("")) } }

    mutating func add(_ command: String) { steps.append(.command(command)) }

    mutating func add(_ step: TwinStep) { steps.append(step) }

    mutating func add(_ other: ScriptText) { steps += other.steps }

    /// A program with `input` as its standard input, in a namespace of `ip netns` (nil: the one that the script runs in).
    ///
    /// - Parameter function: one of the script's own functions, with its first words.
    mutating func feed(_ function: String, in namespace: String?, _ input: [String]) {
        // A line that is two would be a command of its own: of the program's batch, or, where it ends the text, of the shell.
        let input = input.filter { !$0.utf8.contains(10) }
        if let program = Self.batches[function], input.contains(where: { $0.contains("#") }) {
            return feedApart(function, program, in: namespace, input)
        }
        guard !input.isEmpty else { return }
        steps.append(.feed(function: function, namespace: namespace, input: input))
    }
}

extension ScriptText {
    private static let batches = [
        "ip_batch": "ip", "ip4_batch": "ip -4", "ip6_batch": "ip -6", "bridge_batch": "bridge", "tc_batch": "tc",
    ]

    /// iproute2 takes what follows # for a comment, also between quotes: such a line is a command of the shell.
    private mutating func feedApart(_ function: String, _ program: String, in namespace: String?, _ input: [String]) {
        var plain: [String] = []
        for line in input {
            guard line.contains("#") else {
                plain.append(line)
                continue
            }
            feed(function, in: namespace, plain)
            plain = []
            let words = Self.words(line).map(quoted).joined(separator: " ")
            add("alone \(namespace.map(quoted) ?? "-") \(program) \(words)")
        }
        feed(function, in: namespace, plain)
    }

    /// The words of a line that `batchLine` made.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word: String?
        var quote: Character?
        for character in line {
            if character == quote {
                quote = nil
            } else if quote == nil, character == "\"" || character == "'" {
                quote = character
                word = word ?? ""
            } else if quote == nil, character == " " {
                if let done = word { words.append(done) }
                word = nil
            } else {
                word = (word ?? "") + String(character)
            }
        }
        return words + (word.map { [$0] } ?? [])
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
