/// A rule added by iptables(8) or one of its siblings.
public struct IptablesChange: Sendable, Hashable {
    public enum Position: Sendable, Hashable {
        /// At the chain's end.
        case last
        /// At the chain's start, or before the rule at this position, from 1 on.
        case before(Int?)
    }

    /// `iptables`, `ip6tables`, `iptables-legacy`, `ip6tables-legacy`.
    public var tool: String
    public var table: String
    public var chain: String
    public var position: Position
    /// Matches and target.
    public var rule: CommandWords

    public init(isIPv4: Bool, isLegacy: Bool, table: String, chain: String, _ position: Position, rule: CommandWords) {
        tool = (isIPv4 ? "iptables" : "ip6tables") + (isLegacy ? "-legacy" : "")
        self.table = table
        self.chain = chain
        self.position = position
        self.rule = rule
    }

    /// The program and its arguments; the table `filter` is iptables' default and is left out.
    var words: CommandWords {
        let table: CommandWords = table == "filter" ? "" : "-t \(table)"
        let place: CommandWords =
            switch position {
            case .last: "-A \(chain)"
            case .before(nil): "-I \(chain)"
            case .before(let number?): "-I \(chain) \(number)"
            }
        return "\(tool) \(words: table) \(words: place) \(words: rule)"
    }
}
