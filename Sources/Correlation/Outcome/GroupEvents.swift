internal import WalkModel
import Observations

/// The drops and rules that came with a label group, and which of them a walk has taken.
struct GroupEvents {
    private(set) var open: [PacketEvent] = []

    var isEmpty: Bool { open.isEmpty }

    init(_ events: [PacketEvent] = []) { open = events }

    /// Those of packets with one of these labels.
    func of(_ labels: Set<UInt64>) -> GroupEvents { GroupEvents(open.filter { labels.contains($0.label) }) }

    /// Whether one of them ended a packet.
    var hasEnd: Bool { open.contains(where: \.endsPacket) }

    mutating func take(_ taken: Set<Int>) {
        guard !taken.isEmpty else { return }
        var index = 0
        open.removeAll { _ in
            index += 1
            return taken.contains(index - 1)
        }
    }
}
