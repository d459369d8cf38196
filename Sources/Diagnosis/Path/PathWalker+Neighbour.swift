internal import Network
internal import Ruleset
internal import Wire

/// The next hop of a packet: who has its address, and whether he replies.
extension PathWalker {
    /// Who answers for the next hop: the device whose MAC address the neighbour table has, else whoever on the link would
    /// reply to the question for it, else somebody past what can be seen.
    func resolve(
        _ hop: IPAddress, _ packet: PacketState, _ namespace: Namespace, _ link: Link, _ choice: RouteChoice
    ) -> NeighbourStep {
        let segment = inputs.graph.segment(out: link.name, of: namespace.name)
        let entry = namespace.neighbors.first { $0.address == hop && $0.device == link.name }
        let inside = segment.paths.filter { !$0.isOutside && $0.end.namespace != namespace.name }
        let holders = inside.filter { topology[namespace: $0.end.namespace]?.holds(hop) == true }
        if link.kind.isIPTunnel, let far = inside.first {
            // It carries IP alone, to its other end: nobody is asked.
            return NeighbourStep(
                namespace: namespace, link: link, packet: packet, choice: choice, hop: hop, holders: [far],
                resolution: .path(far), isKnown: true)
        }
        var step = NeighbourStep(
            namespace: namespace, link: link, packet: packet, choice: choice, hop: hop, entry: entry, holders: holders,
            resolution: .nobody, isKnown: false)
        step.hasOutside = segment.paths.contains(where: \.isOutside) || link.sendsToItself(in: namespace)
        if !step.hasOutside { step.deadEnd = segment.deadEnds.first?.end }
        let isPointToPoint =
            link.kind == .tun || link.kind == .loopback || segment.paths.isEmpty && link.kind != .bridge
        if let entry, entry.state.isResolved, let mac = entry.mac {
            step.isKnown = true
            step.resolution = known(mac, inside, step, isPointToPoint: isPointToPoint)
            return step
        }
        // Without ARP a device sends to its own address (arp_constructor).
        if link.hasARPOff, let mac = link.mac {
            step.isKnown = true
            step.resolution = .stray(mac)
            return step
        }
        step.respondents = respondents(inside, step)
        let willing = step.respondents.first {
            switch $0.reply {
            case .own, .proxy: true
            case .silent, .unconcerned: false
            }
        }
        if let way = willing?.path ?? holders.first {
            step.resolution = .path(way)
        } else if step.hasOutside {
            step.resolution = step.isUnanswered ? .nobody : .outside
        } else if isPointToPoint {
            step.resolution = .outside
        }
        return step
    }

    /// The other next hops of a multipath route by the same device, which of the routes was taken can't be seen from, that
    /// were asked for and did not reply.
    mutating func noteAlternatives(_ step: NeighbourStep) {
        guard let hops = step.choice.route?.nextHops, hops.count > 1 else { return }
        for other in hops where other.device == step.link.name {
            guard let gateway = other.gateway, gateway != step.hop else { continue }
            var choice = step.choice
            choice.gateway = gateway
            var alternative = resolve(gateway, step.packet, step.namespace, step.link, choice)
            alternative.isAlternative = true
            if alternative.isUnanswered { note(.neighbour(alternative)) }
        }
    }

    /// The queues of the devices by which a question goes out that nobody answers.
    mutating func askQueues(_ namespace: Namespace, _ link: Link, _ packet: PacketState) {
        guard question != nil else { return }
        askQueue(namespace, link, packet)
        for path in inputs.graph.segment(out: link.name, of: namespace.name).paths where path.isOutside {
            guard path.end != LayerTwoPath.Port(namespace: namespace.name, device: link.name),
                let other = topology[namespace: path.end.namespace], let last = other[device: path.end.device]
            else { continue }
            askQueue(other, last, packet)
        }
    }

    private func known(
        _ mac: MACAddress, _ inside: [LayerTwoPath], _ step: NeighbourStep, isPointToPoint: Bool
    ) -> NeighbourStep.Resolution {
        if let owner = inside.first(where: { owns(mac, at: $0.end) }) { return .path(owner) }
        if step.hasOutside { return .outside }
        // Devices whose MAC address was not read.
        if let holder = step.holders.first, topology.link(at: holder.end)?.mac == nil { return .path(holder) }
        return isPointToPoint ? .outside : .stray(mac)
    }

    /// Whether a device takes frames to a MAC address as its own; a bridge also those to its ports' addresses.
    func owns(_ mac: MACAddress, at end: LayerTwoPath.Port) -> Bool {
        guard let namespace = topology[namespace: end.namespace] else { return false }
        if namespace[device: end.device]?.mac == mac { return true }
        return namespace.links.contains { $0.master == end.device && $0.mac == mac }
    }

    private func respondents(_ inside: [LayerTwoPath], _ step: NeighbourStep) -> [NeighbourStep.Respondent] {
        inside.compactMap { path in
            guard let other = topology[namespace: path.end.namespace] else { return nil }
            let inquiry = NeighbourInquiry(
                namespace: other, device: path.end.device, target: step.hop, sender: step.asker)
            let reply = inquiry.reply
            if case .unconcerned = reply { return nil }
            return NeighbourStep.Respondent(path: path, namespace: other, reply: reply)
        }
    }
}

extension Link {
    /// Whether a VXLAN device sends to an address of its own namespace: who is meant is past what can be seen.
    fileprivate func sendsToItself(in namespace: Namespace) -> Bool {
        let remotes = (vxlan?.fdb.compactMap(\.destination) ?? []) + [vxlan?.remote].compactMap(\.self)
        return remotes.contains { namespace.holds($0) }
    }
}

extension RouteChoice {
    /// Takes the next hop by the device that the packet was seen to leave by.
    mutating func take(_ device: String) {
        if self.device == device { return }
        if let hop = route?.nextHops.first(where: { $0.device == device }) {
            self.device = device
            gateway = hop.gateway
        } else if self.device == nil {
            self.device = device
        }
    }
}
