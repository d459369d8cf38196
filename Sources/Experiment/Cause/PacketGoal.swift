internal import Network
internal import Probes
internal import Wire

/// When a packet has come through: where it is answered. What goes to many, a broadcast or a multicast, has no answer that could
/// be waited for; it has come through where one takes it in that did not get it without any change.
struct PacketGoal: Sendable {
    private let trials: any PacketTrials
    private let packet: TrialPacket
    private let options: TrialOptions
    /// Who takes in what goes to many; nil where an answer counts.
    private let receivers: Set<String>?

    /// Throws `TrialError` where what goes to many can't be sent.
    init(
        _ packet: TrialPacket, in trials: any PacketTrials, _ topology: Topology, options: TrialOptions
    ) throws(TrialError) {
        self.trials = trials
        self.packet = packet
        var options = options
        options.watchesArrivals = Self.isForMany(packet.request.destination, in: topology)
        self.options = options
        guard options.watchesArrivals else {
            receivers = nil
            return
        }
        let before = try trials.send([packet], changes: [], options: options)
        receivers = Self.possible(packet, topology).subtracting(before.arrivals?.first?.places ?? [])
    }

    /// `answered` or `taken in`.
    var word: String { receivers == nil ? "answered" : "taken in" }

    /// Whether it comes through with these changes, in a fresh network. Throws `TrialError`.
    func isReached(_ changes: [TrialChange]) throws(TrialError) -> Bool {
        let found = try trials.send([packet], changes: changes, options: options)
        guard let receivers else { return found.allAnswered }
        return found.arrivals?.first?.places.contains(where: receivers.contains) ?? false
    }

    /// Multicast, and the broadcast addresses of the networks on all links.
    static func isForMany(_ destination: IPAddress, in topology: Topology) -> Bool {
        if destination.isMulticast || destination.isIPv4 && destination.low == 0xffff_ffff { return true }
        return topology.namespaces.flatMap(\.links).flatMap(\.addresses).contains {
            $0.length < $0.address.bitWidth - 1 && $0.broadcast == destination
        }
    }

    /// Of a datagram those that have a program at its port, where anybody has one; the sender's own copy counts for nobody.
    private static func possible(_ packet: TrialPacket, _ topology: Topology) -> Set<String> {
        let others = topology.namespaces.filter { $0.name != packet.from }
        let request = packet.request
        let served = others.filter { namespace in
            namespace.listeners.contains { $0.isOn(request.ipProtocol, port: request.destinationPort) }
        }
        return Set((request.kind == .echo || served.isEmpty ? others : served).map(\.name))
    }
}
