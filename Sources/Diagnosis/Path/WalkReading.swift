internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// What a walk says, in the terms of the projection.
struct WalkReading {
    var walk: Walk
    var topology: Topology

    /// The hops that are sightings, in order: neither drops nor routing answers.
    var sightings: [Hop] { walk.hops.filter { $0.vantage != .drop && $0.vantage != .route } }

    /// Where it was last seen.
    var last: Hop? {
        if let whole = lastWithAllFragments { return whole }
        if let seen = walk.lastSeen, seen.vantage != .drop, seen.vantage != .route { return seen }
        return sightings.last
    }

    /// Where it came in by a device of the namespace that has its destination, where nothing was watched behind that; nil
    /// where it did not, and where it is known what became of it.
    var unwatchedArrival: Hop? {
        guard walk.isAtReceiver, let entry = sightings.last, entry.vantage == .link,
            entry.packet.encapsulation == nil
        else { return nil }
        return entry
    }

    /// `seen: last at host veth0 in`; empty for a packet that no probe saw.
    var lastSeen: [Fact] {
        guard walk.isSeen, let seen = last else { return [] }
        return [.seen("last at \(seen.fullPlace)")]
    }

    var namespaces: Set<String> { Set(sightings.map(\.namespace)) }

    /// The packet as first sent; nil for what is not IP.
    func packet() -> PacketState? {
        guard let ipProtocol = walk.kind.ipProtocol else { return nil }
        var packet = PacketState(
            source: walk.source, destination: walk.destination, ipProtocol: ipProtocol, sourcePort: walk.sourcePort,
            destinationPort: walk.destinationPort, icmpType: walk.kind.icmp?.type, icmpCode: walk.kind.icmp?.code,
            tcpFlags: walk.kind.tcpFlags?.rawValue)
        packet.ttl = walk.hops.first?.packet.ttl
        packet.length = walk.hops.first?.packet.length ?? 0
        packet.dscp = walk.hops.first?.packet.dscp
        packet.dontFragment = walk.hops.first?.packet.dontFragment
        packet.connection = firstState(packet)
        return packet
    }

    private func firstState(_ packet: PacketState) -> ConnectionState? {
        if walk.answers != nil { return .established }
        switch packet.ipProtocol {
        case .icmp, .icmpv6: return walk.kind.isEchoRequest ? .new : walk.isICMPError ? .related : nil
        case .tcp: return walk.kind.opensConnection ? .new : nil
        default: return .new
        }
    }

    /// The packet as it looked at a hop.
    func packet(at hop: Hop) -> PacketState? {
        guard var packet = packet() else { return nil }
        packet.source = hop.packet.source
        packet.destination = hop.packet.destination
        if packet.hasPorts {
            packet.sourcePort = hop.packet.sourcePort ?? packet.sourcePort
            packet.destinationPort = hop.packet.destinationPort ?? packet.destinationPort
        }
        packet.ttl = hop.packet.ttl ?? packet.ttl
        if hop.packet.length > 0 { packet.length = hop.packet.length }
        packet.mark = hop.packet.mark ?? 0
        packet.dscp = hop.packet.dscp ?? packet.dscp
        packet.dontFragment = hop.packet.dontFragment ?? packet.dontFragment
        // An IP hook within a bridge sees the frame as it came in, whether the probe there reads its addresses or not.
        let frame = frame(at: hop)
        packet.macSource = hop.packet.macSource ?? frame?.packet.macSource
        packet.macDestination = hop.packet.macDestination ?? frame?.packet.macDestination
        packet.isFragmented = isFragmented(at: hop)
        // Translated here already?
        let entry = sightings.last { $0.index <= hop.index && $0.namespace != hop.namespace }
        let first = sightings.first { $0.index > (entry?.index ?? -1) && $0.namespace == hop.namespace }
        if let first {
            packet.isDestinationTranslated =
                first.packet.destination != hop.packet.destination
                || first.packet.destinationPort != hop.packet.destinationPort
            packet.isSourceTranslated = first.packet.source != hop.packet.source
            packet.originalDestination = first.packet.destination
        }
        return packet
    }

    /// Where all fragments of a datagram were seen for the last time, of which fewer went on: it stopped there, though
    /// some of it is seen later. Nil where that is not so. What is put together again is longer than a fragment.
    private var lastWithAllFragments: Hop? {
        guard walk.kind.ipProtocol != .tcp, walk.outcome != .delivered else { return nil }
        for hop in sightings {
            for case .segments(let before, let after) in hop.changes where after < before {
                guard let parent = hop.parent.flatMap({ index in sightings.last { $0.index <= index } }),
                    hop.packet.length <= parent.packet.length
                else { continue }
                return parent
            }
        }
        return nil
    }

    /// Whether it is an echo request that arrived, or left, in several fragments.
    var isFragmentedEcho: Bool {
        walk.kind.isEchoRequest && (sightings.last.map { isFragmented(at: $0) } ?? false)
    }

    /// Whether it goes in several fragments at a hop. Of TCP these are segments.
    private func isFragmented(at hop: Hop) -> Bool {
        guard walk.kind.ipProtocol != .tcp else { return false }
        for earlier in walk.hops.reversed() where earlier.index <= hop.index {
            for case .segments(_, let count) in earlier.changes { return count > 1 }
            // Whoever cut it was not seen.
            if earlier.packet.fragments != nil { return true }
        }
        return false
    }

    /// What the packet is inside of at a hop; nil where it is in no tunnel.
    func carrier(at hop: Hop) -> Carrier? {
        guard let encapsulation = hop.packet.encapsulation, let inner = packet(at: hop) else { return nil }
        return Carrier(inner, in: encapsulation, topology)
    }

    /// The device by which the packet came into the namespace of a hop; nil where it was sent there.
    func inDevice(at hop: Hop) -> String? {
        var device: String?
        for sighting in sightings.reversed() where sighting.index <= hop.index {
            // A tunnel's device makes its outer packets here.
            guard sighting.namespace == hop.namespace,
                sighting.packet.encapsulation?.whole == hop.packet.encapsulation?.whole
            else {
                break
            }
            if sighting.vantage == .link, sighting.direction == .in, device == nil { device = sighting.device }
            if sighting.vantage == .socket, sighting.direction == .out { return nil }
        }
        guard let device, let namespace = topology[namespace: hop.namespace] else { return device }
        if let master = namespace[device: device]?.master, namespace[device: master]?.kind == .bridge { return master }
        return device
    }

    /// The bridge's port by which the packet came into the namespace where it was last seen; nil where it came by none.
    var arrivalPort: LayerTwoPath.Port? {
        guard let last else { return nil }
        let arrival = sightings.last { sighting in
            sighting.namespace == last.namespace && sighting.vantage == .link && sighting.direction == .in
                && sighting.device.flatMap { topology[namespace: last.namespace]?[device: $0] }?.bridgePort != nil
        }
        return arrival?.device.map { LayerTwoPath.Port(namespace: last.namespace, device: $0) }
    }

    /// Where the projection takes over; nil where the sender's namespace is not known.
    func start(sender: String?) -> PathStart? {
        last.map { start(at: $0) } ?? sender.map { .send(namespace: $0) }
    }

    /// The same for a packet that was seen at a hop, and no further.
    func start(at last: Hop) -> PathStart? {
        switch last.vantage {
        case .socket:
            return last.direction == .in
                ? .received(namespace: last.namespace, device: "lo") : .send(namespace: last.namespace)
        case .link:
            guard let device = last.device else { return nil }
            if topology[namespace: last.namespace]?[device: device]?.kind == .loopback {
                return .hook(
                    namespace: last.namespace, hook: .prerouting, priority: .min, inDevice: device, outDevice: nil)
            }
            return last.direction == .in
                ? .received(namespace: last.namespace, device: device)
                : .transmitted(namespace: last.namespace, device: device)
        case .netfilter:
            guard let hook = last.hook else { return nil }
            if let port = bridgedPort(at: last) { return .received(namespace: last.namespace, device: port) }
            // Before a stage none of its chains was asked yet, after it all were, whatever their own priorities.
            var priority = last.stage?.range.lowerBound ?? .min
            if last.edge == .after, let highest = last.stage?.range.upperBound {
                priority = highest == .max ? .max : highest + 1
            }
            return .hook(
                namespace: last.namespace, hook: hook, priority: priority, inDevice: inDevice(at: last),
                outDevice: hook == .forward || hook == .postrouting ? last.device : nil)
        case .route, .drop: return nil
        }
    }

    /// Where a frame came in that was only bridged when an IP hook saw it; nil where its destination has been translated
    /// since, which can give it another address.
    private func frame(at hop: Hop) -> Hop? {
        guard hop.vantage == .netfilter, hop.packet.macDestination == nil, let port = bridgedPort(at: hop) else {
            return nil
        }
        let arrival = sightings.last {
            $0.index <= hop.index && $0.namespace == hop.namespace && $0.vantage == .link && $0.direction == .in
                && $0.device == port
        }
        return arrival.flatMap { $0.packet.destination == hop.packet.destination ? $0 : nil }
    }

    /// The port of a bridge through which a packet was only bridged when an IP hook saw it (br_netfilter).
    private func bridgedPort(at hop: Hop) -> String? {
        guard let namespace = topology[namespace: hop.namespace],
            let arrival = sightings.last(where: {
                $0.index <= hop.index && $0.namespace == hop.namespace && $0.vantage == .link && $0.direction == .in
            }), let device = arrival.device, let master = namespace[device: device]?.master,
            let bridge = namespace[device: master], bridge.kind == .bridge
        else { return nil }
        let isOwn = namespace.holds(hop.packet.encapsulation?.destination ?? hop.packet.destination)
        guard hop.hook == .forward || hop.hook == .postrouting || hop.hook == .prerouting else { return nil }
        // Of an outer packet only what it carries is known; a bridge without an address routes nothing.
        if hop.packet.encapsulation != nil { return bridge.addresses.isEmpty && !isOwn ? device : nil }
        let mac = hop.packet.macDestination ?? arrival.packet.macDestination
        // One for its own address that bears the MAC address of somebody else is not taken by it.
        if isOwn, mac.map(\.isGroup) != false { return nil }
        if let mac { return namespace.links.contains { $0.mac == mac } ? nil : device }
        return nil
    }

    /// What conntrack must hold for a walk that was seen translated.
    func flows() -> [FlowEvent] {
        guard let packet = packet() else { return [] }
        var flows: [FlowEvent] = []
        var index = 0
        let sightings = sightings
        while index < sightings.count {
            var end = index
            while end + 1 < sightings.count, sightings[end + 1].namespace == sightings[index].namespace { end += 1 }
            if let entry = self.packet(at: sightings[index]), let exit = self.packet(at: sightings[end]) {
                let original = FlowTuple(
                    source: entry.source, destination: entry.destination, sourcePort: entry.sourcePort ?? 0,
                    destinationPort: entry.destinationPort ?? 0, ipProtocol: packet.ipProtocol)
                let out = FlowTuple(
                    source: exit.source, destination: exit.destination, sourcePort: exit.sourcePort ?? 0,
                    destinationPort: exit.destinationPort ?? 0, ipProtocol: packet.ipProtocol)
                if original != out {
                    flows.append(
                        FlowEvent(
                            timeNanoseconds: 0, namespace: sightings[index].namespace, change: .new, original: original,
                            reply: out.reversed))
                }
            }
            index = end + 1
        }
        return flows
    }
}

extension Walk {
    /// Whether a probe saw anything of it, be it its end: that it was sent is known from its sender alone.
    var isSeen: Bool { hops.contains { $0.evidence.contains { $0 != .state } } }
}
