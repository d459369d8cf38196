/// A word of the filter language, and where it stands.
struct Token {
    enum Kind: Equatable {
        /// A name, a number, an address, a duration: whatever needs no quotes.
        case word(String)
        case text(String)
        /// `==`, `!=`, `<`, `<=`, `>`, `>=`.
        case comparison(String)
        case open
        case close
        case end
    }

    var kind: Kind
    var offset: Int

    /// For an error.
    var words: String {
        switch kind {
        case .word(let word): "'\(word)'"
        case .text(let text): "\"\(text)\""
        case .comparison(let sign): "'\(sign)'"
        case .open: "'('"
        case .close: "')'"
        case .end: "the end"
        }
    }

    static func tokens(of text: String) throws -> [Token] {
        let characters = Array(text)
        var tokens: [Token] = []
        var index = 0
        while index < characters.count {
            let character = characters[index]
            let start = index
            switch character {
            case " ", "\t", "\n", "\r", "\r\n":
                index += 1
            case "(", ")":
                tokens.append(Token(kind: character == "(" ? .open : .close, offset: start))
                index += 1
            case "=", "!", "<", ">":
                var sign = String(character)
                if index + 1 < characters.count, characters[index + 1] == "=" { sign.append("=") }
                if sign == "!" { throw QueryError(offset: start, reason: "'!' is no comparison: write '!='") }
                // As in pcap-filter(7).
                tokens.append(Token(kind: .comparison(sign == "=" ? "==" : sign), offset: start))
                index += sign.count
            case "\"", "'":
                guard let end = characters[(index + 1)...].firstIndex(of: character) else {
                    throw QueryError(offset: start, reason: "this string has no end: close it with \(character)")
                }
                tokens.append(Token(kind: .text(String(characters[index + 1..<end])), offset: start))
                index = end + 1
            case let other where isWordCharacter(other):
                while index < characters.count, isWordCharacter(characters[index]) { index += 1 }
                tokens.append(Token(kind: .word(String(characters[start..<index])), offset: start))
            default:
                throw QueryError(offset: start, reason: "'\(character)' means nothing here: put names in quotes")
            }
        }
        tokens.append(Token(kind: .end, offset: characters.count))
        return tokens
    }

    private static func isWordCharacter(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "_.:/-@%µ".contains(character)
    }
}
