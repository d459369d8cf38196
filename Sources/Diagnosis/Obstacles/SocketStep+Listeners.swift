internal import Ruleset
internal import Network
internal import Observations
internal import Wire

/// Which sockets a packet that has arrived could be for.
extension SocketStep {
    /// Whether sockets are asked for it: a datagram, or a packet that opens a connection, that answers nothing.
    private func isAsking(_ surroundings: Surroundings) -> Bool {
        guard surroundings.inputs.requestPassed == nil, packet.destinationPort != nil, !packet.isAssignedSocket else {
            return false
        }
        return packet.ipProtocol == .udp || packet.ipProtocol == .tcp && packet.tcpFlags.map { $0 & 18 == 2 } ?? true
    }

    /// Sockets of its protocol and port. Those that are connected come first: the kernel prefers them for what comes from
    /// their peer.
    private var listeners: [Listener] {
        ((namespace.connectedSockets ?? []) + namespace.listeners).filter {
            $0.isOn(packet.ipProtocol, port: packet.destinationPort)
        }
    }

    /// Sockets of its protocol and port on other addresses, for another family, of another device, or for another sender. Those
    /// that take packets from anyone come first.
    var listenersElsewhere: [Listener] {
        let others = listeners.filter { !takes($0) }
        return others.filter { $0.peer == nil } + others.filter { $0.peer != nil }
    }

    /// Sockets that the kernel would give it to (`inet_lookup_listener`, `__udp4_lib_lookup`).
    var matching: [Listener] { listeners.filter(takes) }

    private func takes(_ listener: Listener) -> Bool {
        listener.takes(packet.destination) && isOnDevice(of: listener) && isFromPeer(of: listener)
    }

    /// Whether it comes from the one that the socket is connected to, if it is connected.
    func isFromPeer(of listener: Listener) -> Bool {
        guard let peer = listener.peer else { return true }
        return peer.address == packet.source && peer.port == packet.sourcePort ?? 0
    }

    /// Whether the packet came in by the device that the socket is bound to, if it is bound to one. A device of a VRF
    /// counts as the VRF.
    func isOnDevice(of listener: Listener) -> Bool {
        guard let wanted = listener.device, !device.isEmpty else { return true }
        return wanted == device || namespace[device: device]?.master == wanted
    }

    /// The socket that takes it, where it has room; nil where it is known to have been refused.
    func taker(_ surroundings: Surroundings) -> Listener? {
        !isRefused && isAsking(surroundings) && fullSocket(surroundings) == nil ? matching.first : nil
    }

    /// The listener whose accept queue is full, so that it takes no SYN (`sk_acceptq_is_full`).
    func crowdedListener(_ surroundings: Surroundings) -> Listener? {
        guard isAsking(surroundings), packet.ipProtocol == .tcp else { return nil }
        // Of several, each is given a share of the connections (SO_REUSEPORT).
        return matching.first { listener in listener.backlog.map { listener.receiveQueue > $0 } ?? false }
    }

    /// The socket that it is for and that has no room.
    func fullSocket(_ surroundings: Surroundings) -> Listener? {
        guard isAsking(surroundings) else { return nil }
        return matching.first { isFull($0, surroundings.context) } ?? crowdedListener(surroundings)
    }

    private func isFull(_ listener: Listener, _ context: DiagnosisContext) -> Bool {
        if listener.protocol != .udp { return false }
        let earlier = context.before?[namespace: namespace.name]
        let before = ((earlier?.listeners ?? []) + (earlier?.connectedSockets ?? [])).first {
            $0.inode == listener.inode
        }
        // Its drops are also those of a filter on it, and of wrong checksums.
        let isOfOther = context.drops.contains { DropReason.socketChecks.contains($0.reason) }
        if let before, listener.inode != 0, listener.drops > before.drops, !isOfOther { return true }
        if let size = listener.receiveBufferBytes { return listener.receiveQueue >= size }
        return listener.receiveQueue > 0
            && context.counters.contains {
                $0.namespace == namespace.name && $0.name.hasSuffix("RcvbufErrors") && $0.delta > 0
            }
    }

    /// Whether no socket takes it: because it was refused, or because sockets could be read and none is for it.
    func isUnserved(_ surroundings: Surroundings) -> Bool {
        if fullSocket(surroundings) != nil { return false }
        if isRefused { return true }
        return isAsking(surroundings) && matching.isEmpty
            && surroundings.topology.namespaces.contains { !$0.listeners.isEmpty || $0.connectedSockets != nil }
    }
}

extension SocketStep {
    /// The rule that would translate the destination, were the packet the first of a tracked connection.
    var publication: RuleReference? {
        guard packet.isDestinationTranslated != true else { return nil }
        let isLocal = device.isEmpty || namespace[device: device]?.kind == .loopback
        if isLocal { return nil }
        var asked = packet
        asked.connection = .new
        let result = HookTraversal(
            site: RuleSite(namespace: namespace, inDevice: device), hook: .prerouting,
            families: [packet.source.isIPv4 ? "ip" : "ip6", "inet"], from: -110
        ).run(asked)
        guard let (rule, action) = result.translation else { return nil }
        switch action {
        case .destinationTranslation, .redirect: return rule
        default: return nil
        }
    }

    /// The rule that sent the packet here instead of to its own destination, in words; empty where none did.
    func diversion(_ surroundings: Surroundings) -> String {
        Diversion(of: packet, in: namespace, by: device.isEmpty ? nil : device, surroundings)?.words ?? ""
    }
}

extension Listener {
    /// Whether a packet to `destination` is for this socket; an unspecified IPv6 address takes IPv4 too, unless it is
    /// V6ONLY.
    func takes(_ destination: IPAddress) -> Bool {
        if isIPv6Only == true, destination.isIPv4 { return false }
        if address.isUnspecified { return !address.isIPv4 || destination.isIPv4 }
        if address == destination { return true }
        // ::ffff:a.b.c.d
        return !address.isIPv4 && destination.isIPv4 && address.high == 0
            && address.low == 0xffff << 32 | destination.low
    }

    var words: String {
        let bound = device.map { "%\($0)" } ?? ""
        let only = isIPv6Only == true && address.isUnspecified ? " (IPv6 only)" : ""
        let host = address.isIPv4 ? address.description : "[\(address)]"
        let connected = peer.map { " connected to \($0.address.text(port: $0.port))" } ?? ""
        return "\(process.map { "\($0) " } ?? "")\(`protocol`) \(host)\(bound):\(port)\(only)\(connected)"
    }
}

extension DropReason {
    /// What a socket counts among its drops beside those for want of room.
    fileprivate static let socketChecks: Set<DropReason> = ["SOCKET_FILTER", "UDP_CSUM", "XFRM_POLICY"]
}
