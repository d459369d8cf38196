internal import Snapshot

extension HostSnapshot {
    /// The same network in which conditions that the twin can't know hold the other way: limits are used up, lists of recent
    /// addresses hold whoever is asked for, and packets are of the user whom a rule asks for.
    ///
    /// - Parameter code: `limit-state` or `uid`.
    /// - Returns: nil where no rule asks for such.
    func otherwise(_ code: RuleVariants.Condition) -> HostSnapshot? {
        var copy = self
        var isOther = false
        for index in copy.namespaces.indices {
            for table in copy.namespaces[index].nftables.indices {
                let text = copy.namespaces[index].nftables[table].text
                copy.namespaces[index].nftables[table].text = RuleVariants.nft(text, code)
                isOther = isOther || text != copy.namespaces[index].nftables[table].text
            }
            for table in copy.namespaces[index].iptables.indices {
                let text = copy.namespaces[index].iptables[table].text
                copy.namespaces[index].iptables[table].text = RuleVariants.iptables(text, code)
                isOther = isOther || text != copy.namespaces[index].iptables[table].text
            }
        }
        return isOther ? copy : nil
    }
}

/// Texts of rules in which conditions on what a twin does not have are replaced by what they come to otherwise.
enum RuleVariants {
    enum Condition { case limits, users }

    // MARK: iptables

    /// Of `iptables-save`.
    static func iptables(_ text: String, _ condition: Condition) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            line.hasPrefix("-A ") || line.hasPrefix("[") ? rule(line, condition) : String(line)
        }.joined(separator: "\n")
    }

    private static let always = ["-m", "mark", "--mark", "0x0/0x0"]
    private static let never = ["-m", "mark", "--mark", "0x1/0x0"]

    private static func rule(_ line: Substring, _ condition: Condition) -> String {
        let words = words(line)
        var result: [String] = []
        var index = 0
        while index < words.count {
            guard words[index] == "-m", index + 1 < words.count else {
                result.append(words[index])
                index += 1
                continue
            }
            // A match has its options behind it, up to the next one or the target.
            let name = words[index + 1]
            var end = index + 2
            while end < words.count, !["-m", "-j", "-g"].contains(words[end]) { end += 1 }
            let options = Array(words[(index + 2)..<end])
            if let holds = otherwise(name, options, condition) {
                result += holds ? always : never
            } else {
                result += words[index..<end]
            }
            index = end
        }
        return result == words ? String(line) : result.joined(separator: " ")
    }

    /// Whether a match holds otherwise; nil for one that the twin knows.
    private static func otherwise(_ name: String, _ options: [String], _ condition: Condition) -> Bool? {
        func has(_ option: String) -> Bool { options.contains(option) }
        switch (condition, name) {
        case (.limits, "limit"), (.limits, "quota"): return false
        case (.limits, "hashlimit"): return has("--hashlimit-above")
        case (.limits, "connlimit"): return has("--connlimit-above")
        case (.limits, "recent"):
            guard has("--rcheck") || has("--update") || has("--remove") else { return nil }
            return options.first != "!"
        case (.users, "owner"):
            guard let position = options.firstIndex(where: { $0 == "--uid-owner" || $0 == "--gid-owner" }),
                position + 1 < options.count, options[position + 1] != "0"
            else { return nil }
            return options.first != "!"
        default: return nil
        }
    }

    /// Parted by blanks, but where quotes hold them together.
    private static func words(_ line: Substring) -> [String] {
        var words: [String] = [""]
        var isQuoted = false
        var isEscaped = false
        for character in line {
            if character == " ", !isQuoted {
                words.append("")
                continue
            }
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            words[words.count - 1].append(character)
        }
        return words
    }

    // MARK: nft

    /// Of `nft list table`.
    static func nft(_ text: String, _ condition: Condition) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { nftRule($0, condition) }.joined(
            separator: "\n")
    }

    /// No packet is that short.
    private static let neverInNFT = ["meta", "length", "0"]

    private static func nftRule(_ line: Substring, _ condition: Condition) -> String {
        let words = words(line)
        var result: [String] = []
        var index = 0
        // What stands in braces is an element, or a statement on one.
        var depth = 0
        while index < words.count {
            if depth == 0, let (length, holds) = nftStatement(words[index...], condition) {
                // The first word holds the indentation.
                let indent = String(words[index].prefix { $0 == "\t" })
                let replacement = holds ? [] : neverInNFT
                if !indent.isEmpty, replacement.isEmpty { result.append(indent) }
                result += replacement.enumerated().map { $0 == 0 ? indent + $1 : $1 }
                index += length
                continue
            }
            depth += words[index].hasPrefix("{") ? 1 : words[index].hasPrefix("}") ? -1 : 0
            result.append(words[index])
            index += 1
        }
        return result == words ? String(line) : result.joined(separator: " ")
    }

    /// The length of a statement in words, and whether it lets a packet go on otherwise.
    private static func nftStatement(_ words: ArraySlice<String>, _ condition: Condition) -> (Int, Bool)? {
        let words = Array(words)
        guard let head = words.first?.drop(while: { $0 == "\t" }), words.count > 2 else { return nil }
        switch (condition, head, words[1]) {
        case (.limits, "limit", "rate"):
            let isOver = words[2] == "over"
            guard let rate = words.firstIndex(where: { $0.contains("/") }), rate <= 4 else { return nil }
            let hasBurst = rate + 1 < words.count && words[rate + 1] == "burst"
            return (min(words.count, rate + (hasBurst ? 4 : 1)), isOver)
        case (.limits, "ct", "count"):
            let isOver = words[2] == "over"
            return (min(words.count, isOver ? 4 : 3), isOver)
        case (.users, "meta", "skuid"), (.users, "meta", "skgid"):
            let isNegated = words[2] == "!="
            let start = isNegated ? 3 : 2
            guard start < words.count, words[start] != "0", words[start] != "\"root\"" else { return nil }
            guard words[start] == "{" else { return (start + 1, !isNegated) }
            guard let end = words.firstIndex(of: "}") else { return nil }
            return (end + 1, !isNegated)
        default: return nil
        }
    }
}
