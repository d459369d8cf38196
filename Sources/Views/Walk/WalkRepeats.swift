import Network
internal import Observations
public import WalkModel
internal import Wire

/// The failed exchanges shown so far. One that fails as another did, by the same path, at the same place and for the same
/// cause, is told in a line: a program sends its SYN again, a ping goes on.
public struct WalkRepeats: Sendable {
    private var seen: [Shape: Int64] = [:]
    /// Of different failures; a run that shows more forgets them, and shows one again.
    private static let limit = 4096

    public init() {}

    /// Notes an exchange that did not arrive.
    /// - Returns: nanoseconds since the first that failed in the same way; nil where this one is the first.
    public mutating func take(_ exchange: Exchange) -> Int64? {
        if seen.count > Self.limit { seen.removeAll() }
        let shape = Shape(exchange)
        let start = exchange.request.startNanoseconds
        if let first = seen[shape] { return start - first }
        seen[shape] = start
        return nil
    }

    /// What two failures must have in common. Times, sequence numbers and the sender's port differ.
    private struct Shape: Hashable {
        struct Part: Hashable {
            var headline: [String?]
            var kind: PacketKind
            var path: [[String?]]
            var rules: [[RuleReference]]
            var findings: [[String]]
            var places: [Finding.Place]
            var stop: String?
            var isCutOff: Bool

            init(_ walk: Walk, reply: Walk?) {
                let headline = WalkHeadline(walk, reply: reply)
                self.headline = [headline.outcome, headline.subject, walk.source.description]
                kind = walk.kind.withoutSequence
                path = walk.hops.map { hop in
                    [
                        hop.namespace, hop.place, hop.direction?.rawValue, hop.hook?.rawValue,
                        hop.packet.encapsulation?.description, hop.packet.source.description,
                        hop.packet.destination.description, hop.packet.ttl?.description, hop.packet.length.description,
                    ]
                }
                rules = walk.hops.map(\.rules)
                findings = walk.findings.map { [$0.code.rawValue, $0.severity.rawValue] }
                places = walk.findings.map(\.where)
                stop = walk.stoppedAt.map { [$0.fullPlace, $0.reason ?? ""].joined(separator: " ") }
                isCutOff = walk.cutOff != nil
            }
        }

        var parts: [Part]

        init(_ exchange: Exchange) {
            parts =
                [Part(exchange.request, reply: exchange.reply)]
                + [exchange.reply].compactMap(\.self).map {
                    Part($0, reply: nil)
                }
        }
    }
}

extension PacketKind {
    fileprivate var withoutSequence: PacketKind {
        guard case .icmp(var message) = self else { return self }
        message.sequence = nil
        message.identifier = nil
        return .icmp(message)
    }
}
