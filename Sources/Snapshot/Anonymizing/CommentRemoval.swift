/// Takes comments and the prefixes of log lines out of texts of rules: they are for people and decide nothing.
enum CommentRemoval {
    static func nftables(_ text: String) -> String {
        // One that fills a line: of a table, a chain or a set. Strings can hold newlines, so not line by line.
        var words = words(of: text)
        remove(&words, where: { $0 == "comment" || $0 == "prefix" }) { $0.hasPrefix("\"") }
        return joined(words)
    }

    static func iptables(_ text: String) -> String {
        var words = words(of: text, escapes: true)
        remove(&words, where: { ["--comment", "--log-prefix", "--nflog-prefix"].contains($0) }) { _ in true }
        var index = 0
        while index + 1 < words.count {
            if words[index].text == "-m", words[index + 1].text == "comment" {
                words.removeSubrange(index...index + 1)
            } else {
                index += 1
            }
        }
        return joined(words)
    }

    static func ipsets(_ text: String) -> String {
        var words = words(of: text)
        // Of a set `comment` says that its members may have one.
        remove(&words, where: { $0 == "comment" }) { $0.hasPrefix("\"") }
        return joined(words)
    }

    private struct Word {
        /// The blanks, tabs and newlines before it.
        var space: String
        var text: String
    }

    /// Takes out each word for which `isKey` holds and whose next one is a value, together with that.
    private static func remove(
        _ words: inout [Word], where isKey: (String) -> Bool, if isValue: (String) -> Bool
    ) {
        var kept: [Word] = []
        var index = 0
        while index < words.count {
            if index + 1 < words.count, isKey(words[index].text), isValue(words[index + 1].text) {
                // What stood in the same word behind the quotes, such as a brace or a comma, stays.
                let rest = afterQuotes(words[index + 1].text)
                if !rest.isEmpty { kept.append(Word(space: "", text: rest)) }
                index += 2
            } else {
                kept.append(words[index])
                index += 1
            }
        }
        words = kept
    }

    private static func afterQuotes(_ word: String) -> String {
        guard word.hasPrefix("\""), let end = word.lastIndex(of: "\"") else { return "" }
        return String(word[word.index(after: end)...])
    }

    /// - Parameter escapes: whether a quote inside of a string is written with a backslash: iptables does so, nft and
    ///   ipset write strings as they are.
    private static func words(of text: String, escapes: Bool = false) -> [Word] {
        var words: [Word] = []
        var space: [UInt8] = []
        var word: [UInt8] = []
        var isQuoted = false
        var isEscaped = false
        func flush() {
            if word.isEmpty { return }
            words.append(
                Word(space: String(decoding: space, as: UTF8.self), text: String(decoding: word, as: UTF8.self)))
            space = []
            word = []
        }
        for byte in text.utf8 {
            if !isQuoted, byte == 0x20 || byte == 0x09 || byte == 0x0a {
                flush()
                space.append(byte)
                continue
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
            isEscaped = escapes && byte == UInt8(ascii: "\\") && !isEscaped
            word.append(byte)
        }
        flush()
        if !space.isEmpty { words.append(Word(space: String(decoding: space, as: UTF8.self), text: "")) }
        return words
    }

    private static func joined(_ words: [Word]) -> String {
        words.map { $0.space + $0.text }.joined()
    }
}
