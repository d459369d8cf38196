internal import Ruleset
internal import Observations
internal import Network

/// What the kernel's trace says of one packet. Everything here rests on events that came; nothing on ones that did not.
struct TraceReading {
    private let events: [RuleEvent]

    /// - Parameter events: in the order in which the kernel told of them.
    init(_ events: [RuleEvent]) { self.events = events }

    /// The event of a rule or policy that ended the packet.
    func event(of rule: RuleReference) -> RuleEvent? { events.last { $0.reference == rule } }

    /// Whether the packet came through a base chain to its end.
    func passed(family: TableFamily, table: String, baseChain: String, namespace: String) -> Bool {
        let ends = events.filter {
            $0.verdict.endsBaseChain && $0.namespace == namespace && $0.reference.family == family
                && $0.reference.table == table && $0.baseChain == baseChain
        }
        // What a queue's program makes of it, and whether there is one, the trace does not say.
        return !ends.isEmpty && ends.allSatisfy { !$0.verdict.endsPacket && !$0.verdict.rawValue.hasPrefix("queue") }
    }

    /// The rules that led to a rule's chain, from the base chain on; nil where the path is not known whole.
    func path(to rule: RuleReference) -> [RuleReference]? {
        guard let last = events.lastIndex(where: { $0.reference == rule }), let base = events[last].baseChain else {
            return nil
        }
        var path: [RuleReference] = []
        var wanted = rule.chain
        var index = last
        while wanted != base {
            let found = events[..<index].lastIndex {
                isSameWay($0, events[last]) && $0.verdict.target == wanted
            }
            guard let found else { return nil }
            path.insert(events[found].reference, at: 0)
            wanted = events[found].reference.chain
            index = found
        }
        return path
    }

    /// Rules of other base chains at the same hook that accepted the packet before a rule ended it.
    func accepted(before rule: RuleReference) -> [RuleReference] {
        guard let last = events.lastIndex(where: { $0.reference == rule }) else { return [] }
        let end = events[last]
        return events[..<last].filter {
            $0.verdict == .accept && $0.namespace == end.namespace && $0.hook == end.hook && !isSameWay($0, end)
                && $0.reference.table != "nat"
        }.map(\.reference)
    }

    private func isSameWay(_ one: RuleEvent, _ other: RuleEvent) -> Bool {
        one.namespace == other.namespace && one.reference.family == other.reference.family
            && one.reference.table == other.reference.table && one.baseChain == other.baseChain
    }
}
