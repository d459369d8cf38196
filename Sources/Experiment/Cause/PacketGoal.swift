internal import Network
internal import Probes
internal import Wire

/// When a packet has come through: where it is answered. What goes to many, a broadcast or a multicast, has no answer that could
/// be waited for; it has come through where one takes it in that did not get it without any change. Where a connection is accepted
/// even so, and what follows is lost, its data must arrive.
struct PacketGoal: Sendable {
    private enum Kind: Sendable {
        case answer
        /// By one of these namespaces.
        case arrival(Set<String>)
        case data
    }

    private let trials: any PacketTrials
    private let packet: TrialPacket
    private let options: TrialOptions
    private let kind: Kind

    private init(_ kind: Kind, _ packet: TrialPacket, in trials: any PacketTrials, options: TrialOptions) {
        self.kind = kind
        self.packet = packet
        self.trials = trials
        self.options = options
    }

    /// Sends the packet without any change, for what it lacks then; nil where it lacks nothing by which it could be judged. Throws
    /// `TrialError`.
    static func of(
        _ packet: TrialPacket, in trials: any PacketTrials, _ topology: Topology, options: TrialOptions
    ) throws(TrialError) -> PacketGoal? {
        var watching = options
        watching.watchesArrivals = true
        if isForMany(packet.request.destination, in: topology) {
            let before = try trials.send([packet], changes: [], options: watching)
            let receivers = possible(packet, topology).subtracting(before.arrivals?.first?.places ?? [])
            return PacketGoal(.arrival(receivers), packet, in: trials, options: watching)
        }
        let before = try trials.send([packet], changes: [], options: options)
        if !before.allAnswered { return PacketGoal(.answer, packet, in: trials, options: options) }
        if packet.request.ipProtocol != .tcp { return nil }
        let goal = PacketGoal(.data, packet, in: trials, options: watching)
        return try goal.isReached([]) ? nil : goal
    }

    /// What becomes of the packet then.
    var word: String {
        switch kind {
        case .answer: "answered"
        case .arrival: "taken in"
        case .data: "followed by data that arrives"
        }
    }

    /// Whether it comes through with these changes, in a fresh network. Throws `TrialError`.
    func isReached(_ changes: [TrialChange]) throws(TrialError) -> Bool {
        let found = try trials.send([packet], changes: changes, options: options)
        let arrival = found.arrivals?.first
        return switch kind {
        case .answer: found.allAnswered
        case .arrival(let receivers): arrival?.places.contains(where: receivers.contains) ?? false
        case .data: arrival?.dataPlaces.isEmpty == false
        }
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
