/// Texts of rules taken apart into what can be compared: without counts, handles and expiries, sets as sets.
enum RulesetText {
    /// A text of `nft list table`: the lines of each chain, set or map by its heading.
    static func nftables(_ text: String) -> [String: [String]] {
        var sections: [String: [String]] = [:]
        var heading: String?
        var pending = ""
        for line in text.split(separator: "\n") {
            let indent = line.prefix { $0 == "\t" }.count
            var content = String(line.drop { $0 == "\t" || $0 == " " })
            if indent == 0 || indent == 1 && content == "}" && pending.isEmpty { continue }
            // A list of elements that goes on in the next lines.
            if !pending.isEmpty || content.hasPrefix("elements = {") && !content.hasSuffix("}") {
                pending += pending.isEmpty ? content : " " + content
                if !content.hasSuffix("}") { continue }
                content = pending
                pending = ""
            }
            if indent == 1, content.hasSuffix(" {") {
                heading = String(content.dropLast(2))
                sections[heading ?? ""] = []
                continue
            }
            sections[heading ?? "table", default: []].append(contentsOf: normalised(content))
        }
        return sections
    }

    private static func normalised(_ line: String) -> [String] {
        let start = "elements = {"
        guard line.hasPrefix(start), line.hasSuffix("}") else { return [withoutCounts(line)] }
        return elements(line.dropFirst(start.count).dropLast()).map { "element \(withoutCounts($0))" }.sorted()
    }

    /// Elements at the commas that stand in no inner braces and no quotes.
    private static func elements(_ text: Substring) -> [String] {
        var elements: [String] = []
        var current = ""
        var depth = 0
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted {
                if character == "{" { depth += 1 }
                if character == "}" { depth -= 1 }
                if character == ",", depth == 0 {
                    elements.append(current.trimmed)
                    current = ""
                    continue
                }
            }
            current.append(character)
        }
        elements.append(current.trimmed)
        return elements.filter { !$0.isEmpty }
    }

    /// Without `packets 5 bytes 420` of a counter, `used …` of a quota and `expires …` of an element.
    static func withoutCounts(_ line: String) -> String {
        var words = line.split(separator: " ", omittingEmptySubsequences: false)
        var isQuoted = false
        var index = 0
        while index < words.count {
            let word = words[index]
            if !isQuoted {
                if word == "packets", index + 3 < words.count, words[index + 2] == "bytes", Int(words[index + 1]) != nil
                {
                    words.removeSubrange(index...index + 3)
                    continue
                }
                if word == "expires", index + 1 < words.count {
                    words.removeSubrange(index...index + 1)
                    continue
                }
                if word == "used", index + 2 < words.count, Int(words[index + 1]) != nil {
                    words.removeSubrange(index...index + 2)
                    continue
                }
            }
            if word.utf8.reduce(0, { $1 == UInt8(ascii: "\"") ? $0 + 1 : $0 }) % 2 == 1 { isQuoted.toggle() }
            index += 1
        }
        return words.joined(separator: " ")
    }

    /// A table of iptables-save: the rules of each chain, and what the chain is.
    static func iptables(_ text: String) -> [String: [String]] {
        var sections: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            if line.hasPrefix(":") {
                let words = line.dropFirst().split(separator: " ")
                guard words.count >= 2 else { continue }
                sections["chain \(words[0])", default: []].insert("policy \(words[1])", at: 0)
            } else if line.hasPrefix("-A ") {
                let chain = line.dropFirst(3).prefix { $0 != " " }
                sections["chain \(chain)", default: []].append(String(line))
            }
        }
        return sections
    }

    /// The output of `ipset save` as a set of lines, without what the kernel chooses and what runs down or counts.
    static func ipsets(_ text: String) -> [String] {
        text.split(separator: "\n").map { line in
            var words = line.split(separator: " ")
            let isMember = words.first == "add"
            let left = isMember ? ["timeout", "packets", "bytes"] : ["initval", "hashsize", "bucketsize"]
            while let index = words.firstIndex(where: { left.contains(String($0)) }), index + 1 < words.count {
                words.removeSubrange(index...index + 1)
            }
            return words.joined(separator: " ")
        }
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
