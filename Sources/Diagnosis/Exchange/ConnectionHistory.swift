internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// What conntrack held when a packet passed: which of the entries that were told of had gone by then.
struct ConnectionHistory: Sendable {
    /// Entries that were there.
    private(set) var live: [FlowEvent] = []
    /// Entries that had been given up before, each as it was last.
    private(set) var ended: [FlowEvent] = []

    /// When the packet was first seen.
    private let startNanoseconds: Int64

    /// By when the stamp of an event may be later than the event itself.
    private static let latenessNanoseconds: Int64 = 5_000_000

    private struct Key: Hashable {
        var namespace: String
        var original: FlowTuple
        var zone: UInt16
    }

    /// - Parameter walk: the packet's. One that opens or closes a connection can itself end an entry; of any other, an
    ///   entry that goes while the packet passes had timed out, and goes because it is looked up.
    init(_ events: [FlowEvent], before walk: Walk) {
        startNanoseconds = walk.startNanoseconds
        let flags = walk.kind.tcpFlags
        let mayEnd = flags.map { !$0.isDisjoint(with: [.syn, .rst, .fin]) } ?? (walk.kind.ipProtocol != .udp)
        let end = walk.startNanoseconds + (mayEnd ? 0 : max(0, walk.durationNanoseconds) + Self.latenessNanoseconds)
        // Most runs see no entry go.
        guard events.contains(where: { $0.change == .destroy && $0.timeNanoseconds <= end }) else {
            live = events
            return
        }
        var gone: [Key: Int] = [:]
        for (index, event) in events.enumerated() where event.change == .destroy && event.timeNanoseconds <= end {
            gone[Self.key(event)] = index
        }
        for (index, event) in events.enumerated() {
            guard let last = gone[Self.key(event)], index <= last else {
                live.append(event)
                continue
            }
            if index == last { ended.append(event) }
        }
    }

    private static func key(_ event: FlowEvent) -> Key {
        Key(namespace: event.namespace, original: event.original, zone: event.zone)
    }

    /// The entry for the packet that the namespace had and gave up; nil where it has one, or is not known to have had one.
    ///
    /// In the middle of a TCP connection a packet makes an entry of its own (`nf_conntrack_tcp_loose`), as any datagram
    /// does: one that this packet made, or a reply before it, is not the connection's.
    func forgotten(_ packet: PacketState, in namespace: String) -> FlowEvent? {
        let own = ended.filter { $0.namespace == namespace && $0.isOf(packet) }
        let last = own.last { entry in !own.contains { $0.reply == entry.original } }
        guard let last else { return nil }
        let isReplaced = live.contains { flow in
            flow.change != .destroy && flow.namespace == namespace && flow.isOf(packet)
                && flow.original != last.reply && flow.timeNanoseconds < startNanoseconds
        }
        return isReplaced ? nil : last
    }

    /// Whether the namespace is known to have an entry for the packet.
    func holds(_ packet: PacketState, in namespace: String, thatTranslates: Bool = false) -> Bool {
        live.contains { flow in
            flow.change != .destroy && flow.namespace == namespace && flow.isOf(packet)
                && (!thatTranslates || flow.original != flow.reply.reversed)
        }
    }
}

extension FlowEvent {
    /// Whether the packet is of either direction, as it is before any translation.
    fileprivate func isOf(_ packet: PacketState) -> Bool { reply.covers(packet) || original.covers(packet) }
}
