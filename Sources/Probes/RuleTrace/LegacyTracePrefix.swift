/// The prefix that the kernel gives to a packet that a rule of iptables-legacy traces: `TRACE: filter:FORWARD:rule:3 `
/// (`trace_packet` in net/ipv4/netfilter/ip_tables.c).
struct LegacyTracePrefix: Equatable {
    enum Kind: String {
        case rule
        /// The end of a user's chain, or a rule without conditions in it that ends it.
        case `return`
        /// The end of a built-in chain, or a rule without conditions in it that ends it.
        case policy
    }

    var table: String
    var chain: String
    var kind: Kind
    /// Counted from 1; one more than there are rules for the end of the chain.
    var number: Int

    /// Nil for another prefix.
    init?(_ text: some StringProtocol) {
        let start = "TRACE: "
        guard text.hasPrefix(start) else { return nil }
        let parts = text.dropFirst(start.count).split(separator: ":", omittingEmptySubsequences: false)
        // A chain's name may hold colons itself.
        guard parts.count >= 4, let kind = Kind(rawValue: String(parts[parts.count - 2])),
            let number = Int(parts[parts.count - 1].prefix { $0 != " " }), number > 0
        else { return nil }
        table = String(parts[0])
        chain = parts[1..<(parts.count - 2)].joined(separator: ":")
        self.kind = kind
        self.number = number
    }
}
