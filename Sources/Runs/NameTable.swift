internal import Observations
internal import WalkModel
internal import Wire

/// What datagrams of DNS say, by their labels, until their walks have ended. Bounded: the oldest goes first.
struct NameTable {
    static let limit = 4096

    private var messages: [UInt64: DNSMessage] = [:]
    /// A ring of labels.
    private var order: [UInt64] = []
    private var next = 0

    /// Every sighting of a packet says the same.
    mutating func take(_ event: NameEvent) {
        guard messages.updateValue(event.message, forKey: event.label) == nil else { return }
        if order.count < Self.limit {
            order.append(event.label)
        } else {
            messages[order[next]] = nil
            order[next] = event.label
            next = (next + 1) % Self.limit
        }
    }

    /// The walk with what its packet says.
    func completed(_ walk: Walk) -> Walk {
        guard !messages.isEmpty, walk.kind.ipProtocol == .udp else { return walk }
        var walk = walk
        walk.witness.nameMessage = messages[walk.witness.label]
        return walk
    }
}
