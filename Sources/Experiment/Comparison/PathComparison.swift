internal import Network
internal import Observations
public import WalkModel
internal import Wire

/// What was predicted of a packet beside what was observed of it, hop by hop.
public struct PathComparison: Sendable, Hashable {
    /// One place of the path.
    public struct Step: Sendable, Hashable {
        /// `host veth0 in`, `host forward filter`; an outcome at the end: `dropped by …`.
        public var place: String
        /// The packet as it was there; nil for the end.
        public var packet: String?
    }

    public struct Row: Sendable, Hashable {
        /// Nil where that path had ended.
        public var predicted: Step?
        public var observed: Step?
        /// What differs: `place`, `addresses`, `verdict`; empty where nothing does.
        public var differences: [String]
    }

    /// Of the request, then of the reply, up to the longer path's end. The last row of each is how it ended.
    public var request: [Row]
    public var reply: [Row]

    public init(predicted: Exchange, observed: Exchange) {
        request = Self.rows(predicted.request, observed.request)
        switch (predicted.reply, observed.reply) {
        case (nil, nil): reply = []
        case (let one?, let other?): reply = Self.rows(one, other)
        case (let one?, nil):
            reply = [Row(predicted: Self.end(one), observed: nil, differences: ["verdict"])]
        case (nil, let other?):
            reply = [Row(predicted: nil, observed: Self.end(other), differences: ["verdict"])]
        }
    }

    public var isSame: Bool { (request + reply).allSatisfy(\.differences.isEmpty) }

    /// The first row, counted from 1, where they part.
    public var parting: (isReply: Bool, number: Int, row: Row)? {
        for (isReply, rows) in [(false, request), (true, reply)] {
            if let index = rows.firstIndex(where: { !$0.differences.isEmpty }) {
                return (isReply, index + 1, rows[index])
            }
        }
        return nil
    }

    /// Places that request and reply passed, as predicted.
    public var hopCount: Int {
        (request.dropLast() + reply.dropLast()).count { $0.predicted != nil }
    }

    private static func rows(_ predicted: Walk, _ observed: Walk) -> [Row] {
        let (one, other) = (steps(predicted), steps(observed))
        var rows: [Row] = []
        for index in 0..<max(one.count, other.count) {
            let pair = (index < one.count ? one[index] : nil, index < other.count ? other[index] : nil)
            rows.append(Row(predicted: pair.0, observed: pair.1, differences: differences(pair.0, pair.1)))
        }
        let (end, otherEnd) = (end(predicted), end(observed))
        rows.append(Row(predicted: end, observed: otherEnd, differences: end == otherEnd ? [] : ["verdict"]))
        return rows
    }

    private static func differences(_ one: Step?, _ other: Step?) -> [String] {
        guard let one, let other else { return ["place"] }
        return (one.place == other.place ? [] : ["place"]) + (one.packet == other.packet ? [] : ["addresses"])
    }

    /// Sightings; a routing decision or a drop's report is told only where it can be heard.
    private static func steps(_ walk: Walk) -> [Step] {
        walk.hops.filter { $0.vantage == .link || $0.vantage == .netfilter }.map { hop in
            let words: [String?] = [
                hop.namespace, hop.vantage == .link ? hop.device : hop.hook?.rawValue, hop.direction?.rawValue,
                hop.stage?.rawValue, hop.edge == .after ? "after" : nil,
            ]
            return Step(place: words.compactMap(\.self).joined(separator: " "), packet: text(hop.packet))
        }
    }

    private static func text(_ packet: Hop.Packet) -> String {
        let words = [
            packet.source.text(port: packet.sourcePort), "→", packet.destination.text(port: packet.destinationPort),
        ]
        return words.joined(separator: " ") + (packet.encapsulation.map { " in \($0)" } ?? "")
    }

    private static func end(_ walk: Walk) -> Step { Step(place: walk.end) }
}

extension Walk {
    /// How it ended, where, by what: without what differs from one sending to the next.
    fileprivate var end: String {
        let stop = stoppedAt
        let rule = (findings.first { $0.severity != .info }?.rule ?? stop?.rule)?.name(withHandle: false)
        let place = [stop?.namespace, stop?.device ?? stop?.hook?.rawValue].compactMap(\.self).joined(separator: " ")
        return [
            outcome.rawValue, rule.map { "by \($0)" } ?? findings.first.map { "(\($0.code.rawValue))" },
            place.isEmpty ? nil : "in \(place)",
        ].compactMap(\.self).joined(separator: " ")
    }
}
