internal import Network

/// The text of `nft -a list ruleset`: every rule's own line by its handle, and every table's text.
///
/// A reading by shape: tables stand at the margin, chains one tab in, rules two. What does not fit is passed over; a
/// rule without text falls back on its expressions.
struct NFTablesListing: Sendable {
    struct Table: Sendable, Hashable {
        var family: TableFamily
        var name: String
        /// As `nft -f` reads it, without the handles. The lines of each chain apart, so that some can be left out.
        var parts: [Part] = []
    }

    struct Part: Sendable, Hashable {
        /// Nil for what is no chain: sets, maps, flow tables, the table's own braces.
        var chain: String?
        var lines: [String] = []
    }

    var rules: [ChainKey: [UInt64: String]] = [:]
    /// Of a chain that is bound to devices: `lo`, `eth0,eth1`. The JSON of nft 1.0.6 leaves them out.
    var devices: [ChainKey: String] = [:]
    var tables: [Table] = []

    init(_ text: [UInt8]) {
        // Not an optional: taking one apart would copy the lines of the table for each line that is added.
        var current = Table(family: "", name: "")
        var isInside = false
        var chain: String?
        // A rule with a chain inside it takes several lines, the last of which bears the handle.
        var pending: [String] = []
        for line in Self.logicalLines(text) {
            let (bare, handle) = Self.splitHandle(line)
            let indent = bare.prefix { $0 == 0x09 }.count
            let content = String(decoding: bare.dropFirst(indent), as: UTF8.self)
            if indent == 0, content.hasPrefix("table "), content.hasSuffix(" {") {
                let words = content.split(separator: " ")
                guard words.count == 4 else { continue }
                current = Table(
                    family: TableFamily(rawValue: String(words[1])), name: String(words[2]),
                    parts: [Part(lines: [content])])
                isInside = true
                chain = nil
                pending = []
                continue
            }
            guard isInside else { continue }
            let whole = String(decoding: bare, as: UTF8.self)
            if indent == 0, content == "}" {
                current.parts.append(Part(lines: ["}"]))
                tables.append(current)
                isInside = false
                continue
            }
            if indent == 1, content.hasPrefix("chain "), content.hasSuffix(" {") {
                chain = String(content.dropFirst(6).dropLast(2))
                current.parts.append(Part(chain: chain))
            } else if indent == 1, content != "}", chain == nil, content.hasSuffix("{") {
                current.parts.append(Part())
            }
            current.parts[current.parts.count - 1].lines.append(whole)
            if let chain, indent >= 2 {
                let key = ChainKey(family: current.family, table: current.name, chain: chain)
                if indent == 2, let handle {
                    let text = (pending + [content]).joined(separator: " ")
                    rules[key, default: [:]][handle] = Self.withoutCounts(text)
                    pending = []
                } else if !pending.isEmpty || content.hasSuffix("{") {
                    pending.append(content)
                } else if content.hasPrefix("type "), let devices = Self.devices(content) {
                    self.devices[key] = devices
                }
            }
            if indent == 1, content == "}" {
                chain = nil
                current.parts.append(Part())
            }
        }
    }

    /// From `type filter hook ingress device "lo" priority filter; …` or `… devices = { "a", "b" } …`.
    private static func devices(_ content: String) -> String? {
        guard let start = content.firstRange(of: " device") else { return nil }
        let quoted = content[start.upperBound...].prefix { $0 != ";" }.split(
            separator: "\"", omittingEmptySubsequences: false)
        let names = quoted.indices.filter { $0 % 2 == 1 }.map { quoted[$0] }
        if !names.isEmpty { return names.joined(separator: ",") }
        // Later versions write names in braces without quotes.
        guard let open = content.firstIndex(of: "{"), let close = content.firstIndex(of: "}"), open < close else {
            return nil
        }
        return content[content.index(after: open)..<close].split(whereSeparator: { $0 == "," || $0 == " " })
            .joined(separator: ",")
    }

    /// `counter packets 5 bytes 420` is the rule's state, not its text.
    static func withoutCounts(_ text: String) -> String {
        guard text.holds("counter packets ") else { return text }
        var words = text.split(separator: " ", omittingEmptySubsequences: false)
        var index = 0
        var quoted = false
        while index < words.count {
            if !quoted, words[index] == "counter", index + 4 < words.count, words[index + 1] == "packets",
                words[index + 3] == "bytes"
            {
                words.removeSubrange(index + 1...index + 4)
            }
            if words[index].utf8.reduce(0, { $1 == UInt8(ascii: "\"") ? $0 + 1 : $0 }) % 2 == 1 { quoted.toggle() }
            index += 1
        }
        return words.joined(separator: " ")
    }

    /// `… # handle 12`
    private static func splitHandle(_ line: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, UInt64?) {
        let digits = line.reversed().prefix { 48...57 ~= $0 }.count
        let mark = Array(" # handle ".utf8)
        let rest = line.dropLast(digits)
        guard digits > 0, rest.suffix(mark.count).elementsEqual(mark),
            let handle = UInt64(String(decoding: line.suffix(digits), as: UTF8.self))
        else { return (line, nil) }
        return (rest.dropLast(mark.count), handle)
    }

    /// nft writes strings as they are, so that a newline in one splits its rule: such lines are put together again.
    private static func logicalLines(_ text: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        var quoted = false
        for (index, byte) in text.enumerated() {
            if byte == UInt8(ascii: "\"") { quoted.toggle() }
            if byte == 0x0a, !quoted {
                lines.append(text[start..<index])
                start = index + 1
            }
        }
        if start < text.count { lines.append(text[start...]) }
        return lines
    }
}
