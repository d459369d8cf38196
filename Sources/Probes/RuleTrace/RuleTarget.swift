internal import Network

extension Rule {
    var target: RuleTarget { RuleTarget(self) }
}

/// What a rule does with a packet that it matches, read from its own words.
struct RuleTarget {
    /// The words of the rule outside of quotation marks.
    private let words: [Substring]

    fileprivate init(_ rule: Rule) {
        var words: [Substring] = []
        for (index, part) in rule.text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
        where index % 2 == 0 {
            words += part.split(separator: " ")
        }
        self.words = words
    }

    /// Whether it drops with an answer: `-j REJECT`, `reject with tcp reset`. To the kernel that is a drop.
    var rejects: Bool { name == "REJECT" || words.contains("reject") }

    /// What a rule of iptables jumps to: `ACCEPT`, a chain, an extension's target; nil for none.
    var name: Substring? { argument(of: "-j") ?? argument(of: "-g") }

    private func argument(of option: Substring) -> Substring? {
        guard let index = words.firstIndex(of: option), index + 1 < words.count else { return nil }
        return words[index + 1]
    }

    /// The verdict of a rule of iptables that matched. The kernel's own TRACE does not tell it, so this is what the target is documented to do (iptables-extensions(8)).
    ///
    /// - Parameter isChain: whether a name is that of a chain of the same table.
    func iptablesVerdict(isChain: (Substring) -> Bool) -> Verdict {
        switch name {
        case "ACCEPT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP", "TPROXY": .accept
        case "DROP": .drop
        case "REJECT", "TARPIT": .reject
        case "RETURN": .return
        case "QUEUE", "NFQUEUE": .queue
        case let chain? where isChain(chain): words.contains("-g") ? .goto(String(chain)) : .jump(String(chain))
        default: .continue
        }
    }
}
