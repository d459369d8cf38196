internal import Observations
internal import Network
internal import WalkModel

extension Condition {
    func holds(_ walk: Walk) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.holds(walk) }
        case .any(let parts): parts.contains { $0.holds(walk) }
        case .not(let part): !part.holds(walk)
        case .outcome(let comparison, let outcome): (walk.outcome == outcome) == (comparison == .equal)
        case .text(let field, let comparison, let value): Self.text(field, value, walk) == (comparison == .equal)
        case .namespace(let comparison, let name):
            walk.hops.contains { name.holds($0.namespace) } == (comparison == .equal)
        case .number(let field, let comparison, let value): Self.number(field, comparison, value, walk)
        case .address(let field, let comparison, let pattern):
            Self.address(field, pattern, walk) == (comparison == .equal)
        case .flag(let flag): Self.flag(flag, walk)
        case .passes(let places): Self.passes(places, walk)
        case .reaches(let place): walk.hops.contains(where: place.holds) || walk.stoppedAt.map(place.holds) ?? false
        case .starts(let place): walk.hops.first.map(place.holds) ?? false
        case .ends(let place):
            walk.stoppedAt.map(place.holds) ?? false || Self.lastHops(walk).contains(where: place.holds)
        case .rule(let text): Self.rule(text, walk)
        case .finding(let code): walk.findings.contains { $0.code.rawValue == code }
        }
    }

    private static func text(_ field: TextField, _ value: String, _ walk: Walk) -> Bool {
        switch field {
        case .protocol: walk.protocol == value.lowercased()
        case .device: walk.hops.contains { $0.device == value }
        case .id: walk.id.hasPrefix(value.lowercased()) && !value.isEmpty
        case .confidence: walk.hops.map(\.confidence).min().map { $0.rawValue == value } ?? false
        case .reason: walk.stoppedAt?.reason == value
        }
    }

    /// A field with several values (a port has two, a mark one for each hop) holds where one of them does; unequal
    /// where none is equal.
    private static func number(_ field: NumberField, _ comparison: Comparison, _ value: Int64, _ walk: Walk) -> Bool {
        let values: [Int64]
        switch field {
        case .latency, .duration: values = [walk.durationNanoseconds]
        case .hops: values = [Int64(walk.hops.count)]
        case .port:
            values =
                [walk.sourcePort, walk.destinationPort].compactMap { $0.map(Int64.init) }
                + walk.hops.flatMap { [$0.packet.sourcePort, $0.packet.destinationPort] }
                .compactMap { $0.map(Int64.init) }
        case .sourcePort:
            values = ([walk.sourcePort] + walk.hops.map(\.packet.sourcePort)).compactMap { $0.map(Int64.init) }
        case .destinationPort:
            values =
                ([walk.destinationPort] + walk.hops.map(\.packet.destinationPort)).compactMap { $0.map(Int64.init) }
        case .ttl: values = walk.hops.compactMap { $0.packet.ttl.map(Int64.init) }
        case .length: values = walk.hops.map { Int64($0.packet.length) }
        case .mark: values = walk.hops.map { Int64($0.packet.mark ?? 0) }
        }
        if comparison == .unequal { return !values.contains(value) }
        return values.contains { comparison.holds($0, value) }
    }

    private static func address(_ field: AddressField, _ pattern: AddressPattern, _ walk: Walk) -> Bool {
        if field != .destination,
            pattern.holds(walk.source) || walk.hops.contains(where: { pattern.holds($0.packet.source) })
        {
            return true
        }
        return field != .source
            && (pattern.holds(walk.destination) || walk.hops.contains { pattern.holds($0.packet.destination) })
    }

    private static func flag(_ flag: Flag, _ walk: Walk) -> Bool {
        switch flag {
        case .nat, .translated:
            return walk.hops.contains(where: \.changes.translates)
        case .reply: return walk.answers != nil
        case .lossy: return walk.losses.contains { !$0.isInferred }
        case .forked:
            let parents = walk.hops.compactMap(\.parent)
            return Set(parents).count < parents.count
        }
    }

    /// The places stand on one path from the start to an end, each behind the one before it.
    private static func passes(_ places: [Place], _ walk: Walk) -> Bool {
        guard let first = places.first else { return true }
        var found = walk.hops.map(first.holds)
        for place in places.dropFirst() {
            // Parents stand before their children, so one pass carries the mark down the tree.
            var isBehind = [Bool](repeating: false, count: walk.hops.count)
            var next = isBehind
            for (index, hop) in walk.hops.enumerated() {
                guard let parent = hop.parent, parent >= 0, parent < index else { continue }
                isBehind[index] = isBehind[parent] || found[parent]
                next[index] = isBehind[index] && place.holds(hop)
            }
            found = next
        }
        return found.contains(true)
    }

    private static func lastHops(_ walk: Walk) -> [Hop] {
        let parents = Set(walk.hops.compactMap(\.parent))
        return walk.hops.filter { !parents.contains($0.index) }
    }

    /// A rule's text, chain or `table chain`, or a part of its text.
    private static func rule(_ text: String, _ walk: Walk) -> Bool {
        let met = walk.hops.flatMap(\.rules) + [walk.stoppedAt?.rule].compactMap(\.self)
        return met.contains { rule in
            rule.chain == text || "\(rule.table) \(rule.chain)" == text || rule.verdict?.rawValue == text
                || rule.text?.contains(text) == true
        }
    }
}
