internal import Observations

extension Walk {
    /// Whether it was last seen as it came in by a device of its receiver, where nothing was watched behind the device: its
    /// outcome is `left`, since a rule may have kept it from its socket.
    public var isAtReceiver: Bool { outcome == .left && witness.isAtReceiver }

    /// Whether it came as far as its receiver, be it to its device alone.
    public var cameToReceiver: Bool { outcome == .delivered || isAtReceiver }

    /// Whether it was last seen on its way out of what is watched.
    public var hasLeft: Bool { outcome == .left && !witness.isAtReceiver }

    /// Takes it for delivered where it came to its receiver's device, since its answer or its socket shows that it was.
    public mutating func confirmDelivery() {
        guard isAtReceiver, let last = hops.last(where: \.isSighting) else { return }
        outcome = .delivered
        witness.isAtReceiver = false
        hops.append(
            Hop(
                index: (hops.last?.index ?? last.index) + 1, parent: last.index, host: last.host,
                namespace: last.namespace, vantage: .socket, direction: .in, offsetNanoseconds: last.offsetNanoseconds,
                evidence: [.state], confidence: last.confidence, packet: last.packet.withoutLink))
    }
}

extension Hop {
    /// Whether the packet was seen there, or is known to have been: neither a drop nor a routing decision.
    var isSighting: Bool { vantage != .drop && vantage != .route }
}

extension Hop.Packet {
    /// As above the device: without the addresses of the link.
    fileprivate var withoutLink: Self {
        var packet = self
        packet.macSource = nil
        packet.macDestination = nil
        return packet
    }
}
