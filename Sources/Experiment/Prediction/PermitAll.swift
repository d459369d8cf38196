internal import Network
public import Snapshot

extension HostSnapshot {
    /// The same network, in which no rule stops a packet: what drops or rejects accepts instead, policies too. All else of
    /// the rules stays: translations, marks, jumps, positions.
    public func permittingAll() -> HostSnapshot {
        var copy = self
        for index in copy.namespaces.indices {
            for table in copy.namespaces[index].nftables.indices {
                let text = copy.namespaces[index].nftables[table].text
                copy.namespaces[index].nftables[table].text = PermitAll.nft(text)
            }
            for table in copy.namespaces[index].iptables.indices {
                let text = copy.namespaces[index].iptables[table].text
                copy.namespaces[index].iptables[table].text = PermitAll.iptables(text)
            }
        }
        return copy
    }
}

/// Texts of rules in which the verdicts that stop a packet are `accept`.
enum PermitAll {
    /// Of `iptables-save`.
    static func iptables(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.hasPrefix(":") {
                var words = line.split(separator: " ", omittingEmptySubsequences: false)
                if words.count > 1, words[1] == "DROP" { words[1] = "ACCEPT" }
                return words.joined(separator: " ")
            }
            return rule(String(line))
        }.joined(separator: "\n")
    }

    /// A line of a rule. Its target stands last, with the target's own options behind it; a comment is quoted.
    private static func rule(_ line: String) -> String {
        for target in ["DROP", "REJECT"] {
            guard let range = unquotedRange(of: "-j \(target)", in: line) else { continue }
            return String(line[..<range.lowerBound]) + "-j ACCEPT"
        }
        return line
    }

    /// Where `words` stand as whole words outside of quotes.
    private static func unquotedRange(of words: String, in line: String) -> Range<String.Index>? {
        var isQuoted = false
        var index = line.startIndex
        while index < line.endIndex {
            let character = line[index]
            if character == "\\", isQuoted {
                index = line.index(after: index)
                if index == line.endIndex { return nil }
            } else if character == "\"" {
                isQuoted.toggle()
            } else if !isQuoted, line[index...].hasPrefix(words) {
                let end = line.index(index, offsetBy: words.count)
                let isStart = index == line.startIndex || line[line.index(before: index)] == " "
                if isStart, end == line.endIndex || line[end] == " " { return index..<end }
            }
            index = line.index(after: index)
        }
        return nil
    }

    /// Of `nft list table`.
    static func nft(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { nftLine(String($0)) }.joined(
            separator: "\n")
    }

    /// `drop` and `reject` are words of the language: no table, chain or set has such a name. What stands behind `reject`
    /// up to the end of the statement says by which message.
    private static func nftLine(_ line: String) -> String {
        var result = ""
        var rest = line[...]
        var isQuoted = false
        while let character = rest.first {
            let isWord = character.isLetter || character == "_"
            if isQuoted || !isWord {
                if character == "\"" { isQuoted.toggle() }
                // What a name consists of besides letters: `my-drop`, `@drop2`.
                let isPart = !isQuoted && (character.isNumber || "-./@$".contains(character))
                let length = isPart ? nameLength(rest) : 1
                result += rest.prefix(length)
                rest = rest.dropFirst(length)
                continue
            }
            let length = nameLength(rest)
            let word = rest.prefix(length)
            rest = rest.dropFirst(length)
            switch word {
            case "drop": result += "accept"
            case "reject":
                result += "accept"
                rest = rest.dropFirst(rejectionLength(rest))
            default: result += word
            }
        }
        return result
    }

    private static func nameLength(_ text: Substring) -> Int {
        max(1, text.prefix { $0.isLetter || $0.isNumber || "_-./@$".contains($0) }.count)
    }

    /// The length of ` with icmp port-unreachable`, ` with icmpx type admin-prohibited`, ` with tcp reset`; 0 for nothing.
    private static func rejectionLength(_ text: Substring) -> Int {
        guard text.hasPrefix(" with ") else { return 0 }
        var rest = text.dropFirst(6)
        func skipWord() {
            rest = rest.drop { $0 != " " && $0 != "," && $0 != "}" && $0 != ";" }
        }
        skipWord()
        if rest.hasPrefix(" type ") { rest = rest.dropFirst(5) }
        rest = rest.dropFirst(rest.hasPrefix(" ") ? 1 : 0)
        skipWord()
        return text.count - rest.count
    }
}
