internal import Network
internal import Observations
internal import WalkModel
internal import Wire

/// What packets of one direction of a connection have in common at one of its ends.
///
/// Two namespaces may use the same addresses and ports at the same time, so the place belongs to it: the namespace that the
/// packet was first, or last, seen in.
struct FlowName: Hashable {
    var tuple: FlowTuple
    /// Type and code of an ICMP message that is no echo, ARP's operation does not count: what `other` packets are told
    /// apart by.
    var kind: UInt16
    var host: String?
    var namespace: String?

    /// As the packet was first sent.
    init(sent walk: Walk) {
        self.init(
            walk, walk.source, walk.destination, walk.sourcePort, walk.destinationPort, at: walk.hops.first)
    }

    /// As a reply to the packet is first sent: the packet as it was last seen, turned round.
    init(answering walk: Walk) {
        let last = walk.hops.last
        self.init(
            walk, last?.packet.destination ?? walk.destination, last?.packet.source ?? walk.source,
            last.map(\.packet.destinationPort) ?? walk.destinationPort,
            last.map(\.packet.sourcePort) ?? walk.sourcePort,
            at: last)
    }

    private init(
        _ walk: Walk, _ source: IPAddress, _ destination: IPAddress, _ sourcePort: UInt16?, _ destinationPort: UInt16?,
        at hop: Hop?
    ) {
        let identifier = walk.kind.icmp?.identifier
        tuple = FlowTuple(
            source: source, destination: destination, sourcePort: identifier ?? sourcePort ?? 0,
            destinationPort: identifier ?? destinationPort ?? 0,
            ipProtocol: walk.kind.ipProtocol ?? IPProtocol(rawValue: 255))
        kind = 0
        if let message = walk.kind.icmp, !message.isEcho { kind = UInt16(message.type) << 8 | UInt16(message.code) }
        host = walk.host
        namespace = hop?.namespace ?? walk.stoppedAt?.namespace
    }
}
