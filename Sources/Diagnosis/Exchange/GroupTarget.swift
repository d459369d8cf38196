internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A packet that is for many, a multicast group or all on a link, as its sender sent it.
struct GroupPacket {
    /// The sender, and the device by which the packet left it; nil where that is not known.
    var sender: Namespace
    var device: Link?

    /// Nil for a packet that is for one receiver.
    init?(_ reading: WalkReading, _ packet: PacketState, _ graph: NetworkGraph) {
        guard let first = reading.sightings.first, let sender = Self.sender(of: packet, first, graph),
            packet.destination.isMulticast || packet.destination == IPAddress(ipv4: .max)
                || Self.links(of: sender, packet, first).contains(where: { link in
                    link.addresses.contains { $0.broadcast == packet.destination }
                })
                || first.packet.macDestination?.isGroup == true
        else { return nil }
        let left = reading.sightings.first { hop in
            hop.namespace == sender.name && hop.direction == .out && hop.vantage == .link
        }
        let name = left?.device ?? Self.device(of: sender, packet)
        self.sender = sender
        device = name.flatMap { sender[device: $0] }
    }

    /// Those to whose link the packet may have been sent. Of one that came from where nothing is seen, only that by which it
    /// came in: to another link's broadcast address it is for the router.
    private static func links(of sender: Namespace, _ packet: PacketState, _ first: Hop) -> [Link] {
        guard first.direction == .in, !sender.holds(packet.source), let entry = first.device else {
            return sender.links
        }
        let master = sender[device: entry]?.master
        return sender.links.filter { $0.name == entry || $0.name == master }
    }

    private static func sender(of packet: PacketState, _ first: Hop, _ graph: NetworkGraph) -> Namespace? {
        let own = graph[namespace: first.namespace]
        if first.vantage == .socket || own?.holds(packet.source) == true { return own }
        return graph.namespaces(holding: packet.source).first ?? own
    }

    private static func device(of sender: Namespace, _ packet: PacketState) -> String? {
        let holding = sender.links.first { link in
            link.kind != .loopback && link.addresses.contains { $0.address == packet.source }
        }
        return holding?.name
            ?? sender.lookUpRoute(to: packet.destination, source: packet.source, mark: packet.mark, inDevice: nil)
            .device
    }
}

/// The receivers of a packet that is for many.
///
/// Each receiver gets a copy, and takes it where a socket asks for it. That others do not is no loss. To find them takes
/// the size of the link: on a host with many containers that is made only for packets that somebody could miss.
struct GroupTarget {
    var packet: GroupPacket
    /// The other namespaces on the link, with the device at which IP takes over.
    var receivers: [LayerTwoPath.Port] = []
    /// Whether the link goes on where nothing can be seen.
    var hasOutside = false

    init(_ packet: GroupPacket, _ graph: NetworkGraph) {
        self.packet = packet
        guard let device = packet.device, device.kind != .loopback else { return }
        for path in graph.segment(out: device.name, of: packet.sender.name).paths {
            if path.isOutside {
                hasOutside = true
            } else if path.end.namespace != packet.sender.name {
                receivers.append(path.end)
            }
        }
    }

    var sender: Namespace { packet.sender }
    var device: Link? { packet.device }

    /// `the link of eth0 in web`.
    var link: String { "the link of \(device?.name ?? "an unknown device") in \(sender.name)" }

    /// The devices of the link that have joined the group; nil where nobody's groups were read.
    func members(of group: IPAddress, _ graph: NetworkGraph) -> [LayerTwoPath.Port]? {
        let known = receivers.compactMap { graph[namespace: $0.namespace]?.memberships }
        if known.isEmpty, !receivers.isEmpty { return nil }
        return receivers.filter { graph[namespace: $0.namespace]?.joined(group, on: $0.device) == true }
    }

    /// Whether a socket of a receiver takes what comes for this port.
    func isServed(_ packet: PacketState, _ graph: NetworkGraph) -> Bool {
        receivers.contains { port in
            graph[namespace: port.namespace]?.listeners.contains {
                $0.isOn(packet.ipProtocol, port: packet.destinationPort)
            } == true
        }
    }
}

extension Namespace {
    /// Whether a device has joined a multicast group.
    func joined(_ group: IPAddress, on device: String) -> Bool {
        memberships?.contains { $0.device == device && $0.group == group } == true
    }
}
