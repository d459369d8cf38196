internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel

extension WalkReading {
    /// A packet in one namespace: as it came into it, and as it was last seen there.
    struct Stay: Sendable {
        var namespace: Namespace
        var entry: PacketState
        var exit: PacketState
        /// Nil where it was sent there.
        var inDevice: String?
        /// The bridge's port by which it came.
        var inPort: String?
        /// Nil where it was not seen to leave.
        var outDevice: String?
    }

    /// The namespaces that it was seen in, in order.
    func stays() -> [Stay] {
        var stays: [Stay] = []
        let sightings = sightings
        var start = 0
        for index in sightings.indices {
            let isLast = index + 1 == sightings.count || sightings[index + 1].namespace != sightings[index].namespace
            guard isLast else { continue }
            defer { start = index + 1 }
            guard let namespace = topology[namespace: sightings[index].namespace],
                let entry = packet(at: sightings[start]), let exit = packet(at: sightings[index])
            else { continue }
            var stay = Stay(namespace: namespace, entry: entry, exit: exit)
            // By lo it came from the namespace itself.
            stay.inDevice = inDevice(at: sightings[index]).flatMap { device in
                namespace[device: device]?.kind == .loopback ? nil : device
            }
            if sightings[index].vantage == .link, sightings[index].direction == .out {
                let device = sightings[index].device
                stay.outDevice = device.flatMap { namespace[device: $0]?.master } ?? device
            }
            let arrival = sightings[start...index].first { $0.vantage == .link && $0.direction == .in }
            stay.inPort = arrival?.device.flatMap { namespace[device: $0]?.bridgePort == nil ? nil : $0 }
            stays.append(stay)
        }
        return stays
    }

    /// How the packet came into the namespaces whose rules steer conntrack.
    func requestEntries() -> [String: UnrecognisedReply.Entry] {
        let steered = stays().filter { $0.namespace.netfilter.compiled.steersConntrack }
        return [String: UnrecognisedReply.Entry](
            steered.map { stay in
                (
                    stay.namespace.name,
                    UnrecognisedReply.Entry(
                        packet: stay.entry, inDevice: stay.inDevice, port: stay.inPort, outDevice: stay.outDevice)
                )
            }, uniquingKeysWith: { first, _ in first })
    }
}
