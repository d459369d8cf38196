internal import Network
internal import WalkModel

/// What is known of a rule that may have ended the packet, beside its conditions.
struct RuleCount: Sendable {
    /// By how many packets its counter rose around the packet; nil where that is not known.
    var rise: UInt64?
    /// Whether a condition of the rule itself can't be told.
    var isConditional: Bool
    /// Whether it surely ends the packet, unless a conditional rule before it did.
    var isSureElse: Bool
}

/// The counters of rules, read before the packet and after it, say more than the conditions do.
///
/// A counter that did not rise is proof: the rule did not end the packet. One that rose may have counted others too.
extension [Candidate] {
    /// Takes what the counters say of the rules that may have ended the packet, in the order of its path.
    ///
    /// - Parameter end: how many candidates the packet can have met; nil for all.
    mutating func weighCounters(before end: Int?) {
        guard let next = prefix(end ?? count).firstIndex(where: { $0.count?.isSureElse ?? $0.isCertain }),
            let count = self[next].count
        else {
            return
        }
        let conditional = indices.filter { $0 < next && self[$0].count?.isConditional == true }
        guard count.rise == 0 else {
            // Packets came to the rule behind; nothing says that any met those before.
            if let first = conditional.first, count.rise != nil, conditional.allSatisfy({ self[$0].count?.rise == nil })
            {
                insert(remove(at: next), at: first)
            }
            return
        }
        guard let only = conditional.first else {
            // By its conditions it ends the packet, and the kernel says that it did not.
            self[next].isCertain = false
            return
        }
        // The one alone, not where something else before may have stopped the packet.
        guard next == 1, self[only].count?.rise != 0, let name = self[next].finding.rule?.name else { return }
        self[only].isCertain = true
        self[only].finding.evidence.append(
            .state("the counter of \(name), which comes next, did not rise: no packet came there"))
    }
}
