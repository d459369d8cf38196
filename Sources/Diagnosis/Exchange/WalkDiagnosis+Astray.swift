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
            var misdirection = Misdirection(
                namespace: stay.namespace, link: link, entry: entry, mac: mac,
                owner: Surroundings.Holder(namespace: next.namespace, link: receiver),
                right: surroundings.right(hop, others))
            if let right = misdirection.right {
                if right.link.mac == mac { continue }
            } else if choice.gateway == nil, isLinkHidden(from: stay, by: device, to: next),
                isSentBack(next, by: entered, inputs), proxy(of: next.namespace, entered, hop) == nil
            {
                misdirection.isLinkHidden = true
            } else {
                continue
            }
            return StaleNeighbor().candidate(misdirection, proxy: proxy(of: next.namespace, entered, hop), cause: cause)
        }
        return nil
    }

    /// A packet that a machine would send back to the very link that it came in by, and that a rule of forward ended: whoever sent
    /// it can't be seen, and may not have meant this machine.
    func strayedFromLink(_ reading: WalkReading, cause: Candidate?) -> Candidate? {
        let stays = reading.stays()
        guard let cause, cause.finding.rule != nil, cause.finding.where.hook == .forward, let stay = stays.last,
            stays.dropLast().allSatisfy(\.isBridged), let device = stay.inDevice,
            cause.finding.where.namespace == stay.namespace.name, let mac = stay.entry.macDestination,
            let link = stay.namespace[device: device], owns(mac, link, of: stay.namespace),
            !reading.sightings.contains(where: { $0.packet.encapsulation != nil })
        else { return nil }
        let inputs = inputs(reading)
        let choice = inputs.route(stay.entry, stay.namespace, inDevice: device)
        guard choice.route?.origin == .kernel, isSentBack(stay, by: device, inputs) else { return nil }
        let step = ReceiveStep(namespace: stay.namespace, device: device, packet: stay.entry, choice: choice)
        var found = StaleNeighbor().strayed(step, Surroundings(inputs, origin: stay.entry))
        found.finding.evidence.append(.state("there: \(cause.finding.message)"))
        return found
    }

    /// Whether the switch by which a packet came from one namespace to another can't be seen.
    private func isLinkHidden(from stay: WalkReading.Stay, by device: String, to next: WalkReading.Stay) -> Bool {
        let paths = context.graph.segment(out: device, of: stay.namespace.name).paths
        return paths.contains(where: \.isOutside)
            && !paths.contains { !$0.isOutside && $0.end.namespace == next.namespace.name }
    }

    /// Whether a namespace sends a packet out to the link that it came by, to the very destination, which it does not translate.
    private func isSentBack(_ next: WalkReading.Stay, by device: String, _ inputs: PathInputs) -> Bool {
        let choice = inputs.route(next.entry, next.namespace, inDevice: device)
        return choice.kind == .unicast && choice.device == device && choice.gateway == nil
            && next.exit.destination == next.entry.destination
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
