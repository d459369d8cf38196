/// Our rules as iptables-restore(8) reads them, and how to find them again among others.
enum XTablesRule {
    /// What all rules of a run that log packets of one namespace have in common.
    struct Logging {
        var run: RunIdentity
        var group: UInt16
        var snapLength: Int
        /// A condition, as words of iptables(8); empty for none.
        var match: String

        /// All but the chain.
        fileprivate func words(_ number: Int) -> String {
            (match.isEmpty ? "" : match + " ") + "-m comment --comment \(run.comment) "
                + "-j NFLOG --nflog-group \(group) --nflog-prefix \(NFLOGSource.prefixStart)\(number) "
                + "--nflog-size \(snapLength)"
        }
    }

    /// Commands that insert one logging rule at the head of its chain for each placement.
    ///
    /// - Parameter numbered: the placements with the numbers that their prefixes carry.
    static func insertion(
        _ numbered: [(number: Int, placement: XTablesPlan.Placement)], _ rule: Logging
    ) -> String {
        commands(numbered) { "-I \($1.chain) 1 \(rule.words($0))" }
    }

    /// Commands that delete them.
    static func removal(_ numbered: [(number: Int, placement: XTablesPlan.Placement)], _ rule: Logging) -> String {
        commands(numbered) { "-D \($1.chain) \(rule.words($0))" }
    }

    private static func commands(
        _ numbered: [(number: Int, placement: XTablesPlan.Placement)],
        _ command: (Int, XTablesPlan.Placement) -> String
    ) -> String {
        var text = ""
        for table in XTable.allCases {
            let here = numbered.filter { $0.placement.table == table }
            if here.isEmpty { continue }
            text += "*\(table.rawValue)\n"
            for (number, placement) in here { text += "\(command(number, placement))\n" }
            text += "COMMIT\n"
        }
        return text
    }

    /// Where packets begin.
    static let traceChains = ["PREROUTING", "OUTPUT"]

    /// Commands that insert a tracing rule at the head of chains.
    ///
    /// - Parameter match: conditions, as words of iptables(8); empty for none.
    static func trace(run: RunIdentity, match: String, chains: [String]) -> String {
        let words = "\(match.isEmpty ? "" : match + " ")-m comment --comment \(run.comment) -j TRACE"
        return "*\(XTable.raw.rawValue)\n" + chains.map { "-I \($0) 1 \(words)\n" }.joined() + "COMMIT\n"
    }

    /// A rule of ours that stands somewhere.
    struct Standing: Hashable {
        var table: String
        var chain: String
        /// That its prefix carries; nil for one that traces.
        var number: Int?
    }

    /// The rules of a run in what iptables-save(8) printed.
    static func standing(saved: String, run: RunIdentity) -> Set<Standing> {
        var found: Set<Standing> = []
        var table = ""
        for line in saved.split(separator: "\n") {
            if line.hasPrefix("*") {
                table = String(line.dropFirst())
            } else if line.hasPrefix("-A "), owner(of: line) == run {
                let words = line.split(separator: " ")
                let option = words.firstIndex(of: "--nflog-prefix").map { words.index(after: $0) }
                let prefix = option.flatMap { $0 < words.endIndex ? words[$0] : nil }?.filter { $0 != "\"" }
                let number =
                    prefix?.hasPrefix(NFLOGSource.prefixStart) == true
                    ? prefix.flatMap { Int($0.dropFirst(NFLOGSource.prefixStart.count)) } : nil
                found.insert(Standing(table: table, chain: String(words[1]), number: number))
            }
        }
        return found
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
