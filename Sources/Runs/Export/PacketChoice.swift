internal import Correlation
internal import Network
internal import Observations
internal import Recording
internal import WalkModel

/// Chooses of each packet of a run the sightings that show it once: on the links that are nearest to the end that began the
/// connection.
///
/// Each packet is seen at many places, with other addresses on each side of a translation. Whoever looks at one capture wants
/// one of each, and both directions with the same addresses, as on the device of the end that spoke first: what this end sends
/// is taken where it was first seen on a link, what it gets where it was last seen on one. Segments and fragments of a packet
/// that were seen there are all taken.
final class PacketChoice {
    /// What tells a sighting from all others.
    struct Frame: Hashable {
        var point: VantagePoint
        var timeNanoseconds: Int64
        var label: UInt64
    }

    private var engine: WalkEngine
    /// Flows as the ends that began them saw them.
    private var begun: Set<FlowTuple> = []
    /// Each with what is said beside it.
    private(set) var frames: [Frame: String?] = [:]
    /// Packets that were seen on no link.
    private(set) var unseenCount = 0

    init() {
        var options = WalkEngine.Options()
        options.keepsSightings = true
        engine = WalkEngine(options: options)
    }

    func take(_ event: Event) {
        engine.take(event)
        if case .watermark = event { choose(engine.finishedBatch()) }
    }

    func take(_ observation: borrowing Observation) { engine.take(observation) }

    func finish() { choose(engine.finishBatch()) }

    private func choose(_ batch: WalkBatch) {
        // A reply is known by the request that came before it.
        for record in batch.records.sorted(by: { $0.startNanoseconds < $1.startNanoseconds }) {
            let sightings = batch.sightings(of: record)
            let seen = sightings.filter { $0.point.kind == .link }
            guard let chosen = nearest(seen) else {
                if !sightings.isEmpty { unseenCount += 1 }
                continue
            }
            let comment = record.outcome == .delivered ? nil : Self.comment(batch.walk(record))
            for sighting in seen
            where sighting.point == chosen.point && sighting.tuple == chosen.tuple && sighting.ttl == chosen.ttl {
                let frame = Frame(
                    point: sighting.point, timeNanoseconds: sighting.timeNanoseconds, label: sighting.label)
                frames[frame] = comment
            }
        }
    }

    /// - Parameter seen: on links, in the order of time.
    private func nearest(_ seen: [PacketSighting]) -> PacketSighting? {
        guard let first = seen.first, let last = seen.last else { return nil }
        // An error goes to the end whose packet it quotes.
        if first.isError { return last }
        if begun.contains(first.tuple) { return first }
        if let reply = seen.last(where: { begun.contains($0.tuple.reversed) }) { return reply }
        begun.insert(first.tuple)
        return first
    }

    /// What became of a packet that did not arrive; nil where it went on.
    private static func comment(_ walk: Walk) -> String? {
        switch walk.outcome {
        case .dropped, .rejected, .lost, .unsent: break
        default: return nil
        }
        var words = [walk.outcome.rawValue]
        if let stop = walk.stoppedAt {
            if let namespace = stop.namespace { words.append("in \(namespace)") }
            if let place = stop.hook?.rawValue ?? stop.device { words.append("at \(place)") }
            if case .kernelDrop(let reason, _) = stop.cause { words.append("(\(reason))") }
            if let rule = stop.rule?.text { words.append("by: \(rule)") }
        }
        return words.joined(separator: " ")
    }
}
