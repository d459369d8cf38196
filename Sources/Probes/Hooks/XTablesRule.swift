/// Our rules as iptables-restore(8) reads them, and how to find them again among others.
enum XTablesRule {
    /// Commands that insert one logging rule at the head of its chain for each placement.
    ///
    /// - Parameters:
    ///   - numbered: the placements with the numbers that their prefixes carry.
    ///   - match: a condition, as words of iptables(8); empty for none.
    static func insertion(
        _ numbered: [(number: Int, placement: XTablesPlan.Placement)], run: RunIdentity, group: UInt16,
        snapLength: Int, match: String
    ) -> String {
        var text = ""
        for table in XTable.allCases {
            let here = numbered.filter { $0.placement.table == table }
            if here.isEmpty { continue }
            text += "*\(table.rawValue)\n"
            for (number, placement) in here {
                text +=
                    "-I \(placement.chain) 1 \(match.isEmpty ? "" : match + " ")"
                    + "-m comment --comment \(run.comment) "
                    + "-j NFLOG --nflog-group \(group) --nflog-prefix \(NFLOGSource.prefixStart)\(number) "
                    + "--nflog-size \(snapLength)\n"
            }
            text += "COMMIT\n"
        }
        return text
    }

    /// Commands that insert a tracing rule at the head of the chains where packets begin.
    ///
    /// - Parameter match: conditions, as words of iptables(8); empty for none.
    static func trace(run: RunIdentity, match: String) -> String {
        let words = "\(match.isEmpty ? "" : match + " ")-m comment --comment \(run.comment) -j TRACE"
        return "*\(XTable.raw.rawValue)\n-I PREROUTING 1 \(words)\n-I OUTPUT 1 \(words)\nCOMMIT\n"
    }

    /// Commands that delete the rules of `runs` from what iptables-save(8) printed; empty where there are none.
    ///
    /// Each is deleted by its own words, which hold the run's comment: no other rule can be meant, wherever in its
    /// chain it stands by then.
    static func deletion(saved: String, where isMeant: (RunIdentity) -> Bool) -> (commands: String, runs: [RunIdentity])
    {
        var text = ""
        var table: Substring = ""
        var found: [RunIdentity] = []
        var isOpen = false
        for line in saved.split(separator: "\n") {
            if line.hasPrefix("*") {
                table = line
                isOpen = false
            } else if line.hasPrefix("-A "), let run = owner(of: line), isMeant(run) {
                if !isOpen { text += "\(table)\n" }
                isOpen = true
                text += "-D \(line.dropFirst(3))\n"
                found.append(run)
            } else if line == "COMMIT", isOpen {
                text += "COMMIT\n"
                isOpen = false
            }
        }
        return (text, found)
    }

    /// The run whose comment a rule bears; nil for a rule that is not ours.
    static func owner(of rule: some StringProtocol) -> RunIdentity? {
        let words = rule.split(separator: " ")
        guard let option = words.firstIndex(of: "--comment"), option + 1 < words.count else { return nil }
        var comment = words[option + 1]
        if comment.hasPrefix("\""), comment.hasSuffix("\""), comment.count > 1 {
            comment = comment.dropFirst().dropLast()
        }
        guard comment.hasPrefix(RunIdentity.commentPrefix) else { return nil }
        return RunIdentity(comment.dropFirst(RunIdentity.commentPrefix.count))
    }
}
