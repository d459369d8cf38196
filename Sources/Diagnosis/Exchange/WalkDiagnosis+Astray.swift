internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Whether a packet that was sent on by a router came to it by somebody's wrong neighbour entry.
extension WalkDiagnosis {
    /// - Parameter cause: what stops it later.
    func ledAstray(_ reading: WalkReading, cause: Candidate?) -> Candidate? {
        guard let cause, cause.finding.code != StaleNeighbor().code,
            !reading.sightings.contains(where: { $0.packet.encapsulation != nil })
        else { return nil }
        let inputs = inputs(reading)
        let stays = reading.stays()
        for (index, stay) in stays.enumerated() {
            guard let device = stay.outDevice, let link = stay.namespace[device: device] else { continue }
            let choice = inputs.route(stay.exit, stay.namespace, inDevice: stay.inDevice)
            let hop = choice.gateway ?? stay.exit.destination
            guard choice.device == device,
                let entry = stay.namespace.neighbors.first(where: {
                    $0.address == hop && $0.device == device && $0.state.isResolved
                }), let mac = entry.mac,
                // Bridges between belong to namespaces too.
                let next = stays[(index + 1)...].first(where: { next in
                    next.inDevice.flatMap { next.namespace[device: $0] }.map { owns(mac, $0, of: next.namespace) }
                        == true
                }), !next.namespace.holds(hop), let entered = next.inDevice,
                let receiver = next.namespace[device: entered]
            else { continue }
            let others = context.graph.segment(out: device, of: stay.namespace.name).paths.filter {
                !$0.isOutside && $0.end.namespace != stay.namespace.name && $0.end.namespace != next.namespace.name
            }
            let surroundings = Surroundings(inputs, origin: stay.exit)
            guard let right = surroundings.right(hop, others), right.link.mac != mac else { continue }
            let misdirection = Misdirection(
                namespace: stay.namespace, link: link, entry: entry, mac: mac,
                owner: Surroundings.Holder(namespace: next.namespace, link: receiver), right: right)
            return StaleNeighbor().candidate(misdirection, proxy: proxy(of: next.namespace, entered, hop), cause: cause)
        }
        return nil
    }

    private func owns(_ mac: MACAddress, _ link: Link, of namespace: Namespace) -> Bool {
        link.mac == mac || namespace.links.contains { $0.master == link.name && $0.mac == mac }
    }

    /// The setting by which a namespace replies for the address of somebody else on that link.
    private func proxy(of namespace: Namespace, _ device: String, _ address: IPAddress) -> Settings.Value? {
        let inquiry = NeighbourInquiry(namespace: namespace, device: device, target: address)
        guard case .proxy = inquiry.reply else { return nil }
        return namespace.settings.proxiesNeighbors(device: device, address.family)
    }
}
