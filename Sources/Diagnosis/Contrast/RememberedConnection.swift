internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// An entry of conntrack for the same two ends as a packet that passed, and for another port of the sender: what keeps
/// sending there goes as the entry says, whatever the rules say by now.
struct RememberedConnection: Sendable {
    /// How its packets go otherwise than the packet that passed.
    struct Difference: Sendable {
        /// `sends it to 172.19.0.9:514, which no namespace seen here has`.
        var words: String
        /// `the packet that passed went to 172.19.0.2:514`.
        var contrast: String
    }

    var namespace: Namespace
    var flow: FlowEvent
    var isReplied: Bool
    /// Nil where it is translated as that packet was.
    var difference: Difference?

    /// Those that were there when the run began, and still are.
    static func all(on reading: WalkReading, _ flows: [FlowEvent]) -> [RememberedConnection] {
        var gone: Set<FlowTuple> = []
        for flow in flows where flow.change == .destroy { gone.insert(flow.original) }
        var found: [RememberedConnection] = []
        for stay in reading.stays() {
            for flow in flows where flow.change == .present && flow.namespace == stay.namespace.name {
                guard !gone.contains(flow.original), flow.original.isBeside(stay.entry) else { continue }
                found.append(RememberedConnection(flow, stay, reading.topology))
            }
        }
        return found
    }

    private init(_ flow: FlowEvent, _ stay: WalkReading.Stay, _ topology: Topology) {
        self.flow = flow
        namespace = stay.namespace
        // IPS_SEEN_REPLY
        isReplied = flow.status & 2 != 0
        let target = flow.reply.reversed
        // A reply's hop back to the sender shows no translation of the source at a socket.
        let isDelivered = stay.outDevice == nil
        if flow.reply.source != stay.exit.destination
            || stay.exit.hasPorts && flow.reply.sourcePort != stay.exit.destinationPort ?? 0
        {
            let holders = topology.namespaces.contains { $0.holds(flow.reply.source) }
            let absence = holders ? "" : ", an address that no namespace seen here has"
            difference = Difference(
                words: "sends its packets to \(target.destinationWords)\(absence)",
                contrast: "the packet that passed went to \(Diversion.socket(stay.exit))")
        } else if !isDelivered, flow.reply.destination != flow.original.source,
            flow.reply.destination != stay.exit.source, !stay.namespace.holds(flow.reply.destination)
        {
            difference = Difference(
                words:
                    "gives its packets the source \(flow.reply.destination), which \(stay.namespace.name) does not have any more",
                contrast: "the packet that passed left with the source \(stay.exit.source)")
        } else if !isDelivered, flow.reply.destination == flow.original.source,
            stay.exit.source != stay.entry.source
        {
            difference = Difference(
                words: "leaves their source \(flow.original.source) as it is",
                contrast: "the packet that passed left with the source \(stay.exit.source)")
        }
    }
}

extension FlowTuple {
    /// Whether it is of the packet's two ends and service, from another port of the sender.
    fileprivate func isBeside(_ packet: PacketState) -> Bool {
        guard source == packet.source, destination == packet.destination, ipProtocol == packet.ipProtocol else {
            return false
        }
        guard packet.hasPorts else { return true }
        return destinationPort == packet.destinationPort ?? 0 && sourcePort != packet.sourcePort ?? 0
    }
}
