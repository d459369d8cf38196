public import Network

extension Rule {
    /// The words of a rule as iptables-restore(8) splits them: blanks part them, quotes and backslashes are undone.
    public static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word: [UInt8] = []
        var started = false
        var quote: UInt8?
        var escaped = false
        for byte in text.utf8 {
            if escaped {
                word.append(byte)
                escaped = false
            } else if byte == UInt8(ascii: "\\") {
                escaped = true
                started = true
            } else if let open = quote {
                if byte == open { quote = nil } else { word.append(byte) }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
                started = true
            } else if byte == 0x20 || byte == 0x09 || byte == 0x0a {
                if started { words.append(String(decoding: word, as: UTF8.self)) }
                word.removeAll(keepingCapacity: true)
                started = false
            } else {
                word.append(byte)
                started = true
            }
        }
        if started { words.append(String(decoding: word, as: UTF8.self)) }
        return words
    }

    /// `words(_:)` of this rule's text.
    public var words: [String] { Self.words(text) }
}
