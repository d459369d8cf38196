/// The words of a command, not yet written for a shell.
///
/// Made from a literal: its blanks separate words, an interpolated value never does, so a name with a blank or a quote
/// stays one word: `"link set dev \(name) up"`. Words that are there only sometimes are themselves `CommandWords`.
public struct CommandWords: Sendable, Hashable {
    public var words: [String]
    public init(_ words: [String] = []) { self.words = words }

    public static func + (one: Self, other: Self) -> Self { Self(one.words + other.words) }
    public static func += (one: inout Self, other: Self) { one.words += other.words }
}

extension CommandWords: ExpressibleByStringInterpolation {
    public init(stringLiteral value: String) { self.init(value.split(separator: " ").map(String.init)) }

    public init(stringInterpolation: StringInterpolation) { self.init(stringInterpolation.finished) }

    public struct StringInterpolation: StringInterpolationProtocol {
        private var words: [String] = []
        /// The word that the next part continues; nil between words.
        private var open: String?

        public init(literalCapacity: Int, interpolationCount: Int) {}

        var finished: [String] { words + [open].compactMap(\.self) }

        public mutating func appendLiteral(_ literal: String) {
            for character in literal {
                if character == " " {
                    if let open { words.append(open) }
                    open = nil
                } else {
                    open = (open ?? "") + String(character)
                }
            }
        }

        public mutating func appendInterpolation(_ value: some CustomStringConvertible) {
            open = (open ?? "") + value.description
        }

        /// Several words, or none.
        public mutating func appendInterpolation(words more: CommandWords) {
            if let open { words.append(open) }
            open = nil
            words += more.words
        }
    }
}
