internal import Observations
internal import Network
internal import Wire

/// Puts rules and drops into words beside the packets that met them, for readers that know only packets.
///
/// Rule traces and drops are events of their own, and most come a little later than the packet. A comment goes to the
/// sighting of that packet (it has the same label) in the event's namespace: at the rule's hook or the drop's device where that
/// is watched, the last one before the event. Where the batch holds none, the first such one of a later batch takes it, if it
/// is near in time. A packet seen in that namespace in an earlier batch alone has no comment: its block is written.
struct PacketComments {
    private struct Comment {
        var text: String
        var namespace: String?
        var hook: NetfilterHook?
        var device: String?
        var timeNanoseconds: Int64
    }

    private struct Candidate {
        var index: Int
        var point: VantagePoint
        var timeNanoseconds: Int64
    }

    private var waiting: [UInt64: [Comment]] = [:]
    private var byIndex: [Int: [String]] = [:]
    private static let waitingLimit = 1024
    private static let commentsPerPacket = 32
    /// Sightings with one label that are looked at for each event.
    private static let candidateLimit = 256
    /// A sighting further from an event is of another packet with the same label, one that was sent again.
    private static let reachNanoseconds: Int64 = 250_000_000

    /// - Parameter point: of a vantage point declared before the batch.
    mutating func look(ahead events: [Event], point: (UInt32) -> VantagePoint?) {
        byIndex.removeAll(keepingCapacity: true)
        var found: [(label: UInt64, comment: Comment)] = []
        for event in events {
            switch event {
            case .rule(let rule) where rule.headers.label != 0: found.append((rule.headers.label, Self.comment(rule)))
            case .drop(let drop) where drop.headers.label != 0: found.append((drop.headers.label, Self.comment(drop)))
            default: break
            }
        }
        guard !found.isEmpty || !waiting.isEmpty else { return }
        let candidates = Self.candidates(
            among: events, labels: Set(found.map(\.label)).union(waiting.keys), point: point)
        for (label, comments) in waiting {
            guard let seen = candidates[label] else { continue }
            waiting[label] = comments.filter { !put($0, onOneOf: seen) }
        }
        waiting = waiting.filter { !$0.value.isEmpty }
        for (label, comment) in found where !put(comment, onOneOf: candidates[label] ?? []) {
            if waiting.count >= Self.waitingLimit { waiting.removeAll() }
            if waiting[label, default: []].count < Self.commentsPerPacket {
                waiting[label, default: []].append(comment)
            }
        }
    }

    func take(_ index: Int) -> [String] {
        byIndex.isEmpty ? [] : byIndex[index] ?? []
    }

    private static func candidates(
        among events: [Event], labels: Set<UInt64>, point: (UInt32) -> VantagePoint?
    ) -> [UInt64: [Candidate]] {
        var declared: [UInt32: VantagePoint] = [:]
        var candidates: [UInt64: [Candidate]] = [:]
        for (index, event) in events.enumerated() {
            if case .vantage(let id, let point) = event { declared[id.rawValue] = point }
            guard case .packet(let observation) = event, labels.contains(observation.headers.label),
                let point = declared[observation.vantage.rawValue] ?? point(observation.vantage.rawValue)
            else { continue }
            candidates[observation.headers.label, default: []].append(
                Candidate(index: index, point: point, timeNanoseconds: observation.timeNanoseconds))
        }
        return candidates
    }

    /// - Returns: whether one of them is the event's.
    private mutating func put(_ comment: Comment, onOneOf candidates: [Candidate]) -> Bool {
        // The event's own place first, then what came before it, then what is nearest to it.
        func rank(_ candidate: Candidate) -> (Int, Int, Int64) {
            let isPlace =
                comment.hook != nil && candidate.point.hook == comment.hook
                || comment.device != nil && candidate.point.device == comment.device
            let distance = candidate.timeNanoseconds - comment.timeNanoseconds
            return (isPlace ? 0 : 1, distance <= 0 ? 0 : 1, abs(distance))
        }
        var best: Candidate?
        for candidate in candidates.suffix(Self.candidateLimit) where isNear(candidate, comment) {
            if let known = best, rank(known) < rank(candidate) { continue }
            best = candidate
        }
        guard let best else { return false }
        if byIndex[best.index, default: []].count < Self.commentsPerPacket {
            byIndex[best.index, default: []].append(comment.text)
        }
        return true
    }

    private func isNear(_ candidate: Candidate, _ comment: Comment) -> Bool {
        let (distance, overflows) = candidate.timeNanoseconds.subtractingReportingOverflow(comment.timeNanoseconds)
        return !overflows && distance.magnitude <= Self.reachNanoseconds
            && (comment.namespace == nil || candidate.point.namespace == comment.namespace)
    }

    private static func comment(_ event: RuleEvent) -> Comment {
        let rule = event.reference
        var text = "\(event.namespace): \(event.verdict): \(rule.family) \(rule.table) \(rule.chain)"
        if let position = rule.position { text += " rule \(position)" }
        if let handle = rule.handle { text += " handle \(handle)" }
        if let words = rule.text { text += ": \(words)" }
        return Comment(
            text: text, namespace: event.namespace, hook: event.hook, timeNanoseconds: event.timeNanoseconds)
    }

    private static func comment(_ drop: DropEvent) -> Comment {
        var text = "\(drop.namespace ?? "kernel"): dropped: \(drop.reason)"
        if let location = drop.location { text += " in \(location)" }
        return Comment(
            text: text, namespace: drop.namespace, device: drop.device, timeNanoseconds: drop.timeNanoseconds)
    }
}
