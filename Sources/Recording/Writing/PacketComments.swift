internal import Observations
internal import Network
internal import Wire

/// Puts rules and drops into words beside the packets that met them, for readers that know only packets.
///
/// Rule traces and drops are events of their own, and most come a little later than the packet. The comment goes to the
/// last sighting in the same batch of the packet that has the same label; where there is none, to the
/// first in a later batch.
struct PacketComments {

    private var waiting: [UInt64: [String]] = [:]
    private var byIndex: [Int: [String]] = [:]
    private static let waitingLimit = 1024
    private static let commentsPerPacket = 32

    mutating func look(ahead events: [Event]) {
        byIndex.removeAll(keepingCapacity: true)
        var found: [(label: UInt64, text: String)] = []
        for event in events {
            switch event {
            case .rule(let rule) where rule.headers.label != 0:
                found.append((rule.headers.label, Self.text(rule)))
            case .drop(let drop) where drop.headers.label != 0:
                found.append((drop.headers.label, Self.text(drop)))
            default: break
            }
        }
        guard !found.isEmpty || !waiting.isEmpty else { return }
        var labels = Set(found.map(\.label))
        for label in waiting.keys { labels.insert(label) }
        var last: [UInt64: Int] = [:]
        for (index, event) in events.enumerated() {
            guard case .packet(let observation) = event, labels.contains(observation.headers.label) else { continue }
            if let texts = waiting.removeValue(forKey: observation.headers.label) {
                byIndex[index, default: []] += texts
            }
            last[observation.headers.label] = index
        }
        for (label, text) in found {
            if let index = last[label] {
                if byIndex[index, default: []].count < Self.commentsPerPacket {
                    byIndex[index, default: []].append(text)
                }
            } else {
                if waiting.count >= Self.waitingLimit { waiting.removeAll() }
                if waiting[label, default: []].count < Self.commentsPerPacket {
                    waiting[label, default: []].append(text)
                }
            }
        }
    }

    func take(_ index: Int) -> [String] {
        byIndex.isEmpty ? [] : byIndex[index] ?? []
    }

    private static func text(_ event: RuleEvent) -> String {
        let rule = event.reference
        var text = "\(event.namespace): \(event.verdict): \(rule.family) \(rule.table) \(rule.chain)"
        if let position = rule.position { text += " rule \(position)" }
        if let handle = rule.handle { text += " handle \(handle)" }
        if let words = rule.text { text += ": \(words)" }
        return text
    }

    private static func text(_ drop: DropEvent) -> String {
        var text = "\(drop.namespace ?? "kernel"): dropped: \(drop.reason)"
        if let location = drop.location { text += " in \(location)" }
        return text
    }
}
