internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A neighbour entry that sends a frame to the wrong device.
struct Misdirection: Sendable {
    /// Who has the entry, and on which device.
    var namespace: Namespace
    var link: Link
    var entry: Neighbor
    var mac: MACAddress
    /// The device that has this MAC address; nil where none on the link does.
    var owner: Surroundings.Holder?
    /// A device on the link that has the entry's IP address.
    var right: Surroundings.Holder?
    /// Whether it can't be seen who else is on the link.
    var isLinkHidden = false

    /// Who has learned it from a bridge that replies in the place of others.
    var asker: Namespace?
    var askerDevice: String?

    /// Deletes an entry that was learned: it is asked for again. One that somebody configured is replaced.
    var correction: [RemedyAction] {
        let delete = RemedyAction.ip(namespace, "neigh del \(entry.address) dev \(link.name)")
        if let asker, let device = askerDevice {
            return [delete, .ip(asker, "neigh del \(entry.address) dev \(device)")]
        }
        // Who else there may have this MAC address is not known: what somebody configured may be right.
        if isLinkHidden, entry.state == .permanent { return [] }
        guard entry.state == .permanent, let mac = right?.link.mac else { return [delete] }
        var actions: [RemedyAction] = [
            .ip(namespace, "neigh replace \(entry.address) lladdr \(mac) dev \(link.name) nud permanent")
        ]
        // A VXLAN device that learns nothing needs to be told where the address is.
        if let vxlan = link.vxlan, !vxlan.fdb.contains(where: { $0.mac == mac }), vxlan.remote == nil,
            let remote = vxlan.fdb.first(where: { $0.mac == self.mac })?.destination ?? right?.link.vxlan?.local
        {
            actions.append(.run(namespace, "bridge fdb append \(mac) dev \(link.name) dst \(remote)"))
        }
        return actions
    }
}

extension Surroundings {
    /// The entry of a bridge between that answers ARP requests from its own table, where the wrong address comes from there.
    func suppressor(of misdirection: Misdirection) -> Misdirection? {
        let paths = context.graph.segment(out: misdirection.link.name, of: misdirection.namespace.name).paths
        for case .bridge(let name, let bridge, _, _) in paths.flatMap(\.steps) {
            guard name != misdirection.namespace.name, let namespace = topology[namespace: name],
                let link = namespace[device: bridge],
                namespace.links.contains(where: { $0.master == bridge && $0.bridgePort?.suppressesNeighbors == true }),
                let entry = namespace.neighbors.first(where: {
                    $0.device == bridge && $0.address == misdirection.entry.address && $0.mac == misdirection.mac
                })
            else { continue }
            var found = misdirection
            (found.namespace, found.link, found.entry) = (namespace, link, entry)
            found.asker = misdirection.namespace
            found.askerDevice = misdirection.link.name
            return found
        }
        return nil
    }

    /// The first of the holders that has the address on its device.
    func right(_ address: IPAddress, _ paths: [LayerTwoPath]) -> Holder? {
        for path in paths {
            guard let namespace = topology[namespace: path.end.namespace],
                let link = namespace[device: path.end.device],
                link.addresses.contains(where: { $0.address == address })
            else { continue }
            return Holder(namespace: namespace, link: link)
        }
        return nil
    }

    /// The entry that gave a frame the MAC address of no device.
    func misdirection(of step: StrayStep) -> Misdirection? {
        let askers = topology.namespaces.filter { namespace in
            namespace.links.contains { $0.mac == step.packet.macSource && $0.mac != nil }
        }
        for namespace in askers + (askers.isEmpty ? [step.namespace] : []) {
            for entry in namespace.neighbors where entry.mac == step.mac && entry.state.isResolved {
                guard let link = namespace[device: entry.device] else { continue }
                let paths = context.graph.segment(out: link.name, of: namespace.name).paths
                // The right address, delivered to the wrong device.
                if paths.contains(where: { !$0.isOutside && topology.link(at: $0.end)?.mac == step.mac }) { return nil }
                guard
                    paths.contains(where: { !$0.isOutside && $0.end.namespace == step.namespace.name })
                        || namespace.name == step.namespace.name
                else { continue }
                let holders = paths.filter { !$0.isOutside && $0.end.namespace != namespace.name }
                return Misdirection(
                    namespace: namespace, link: link, entry: entry, mac: step.mac, right: right(entry.address, holders))
            }
        }
        return nil
    }

    /// The entry of a sender on the link that brought a packet to a namespace that has neither the entry's address nor
    /// replies for it.
    func misdirection(to step: ReceiveStep) -> Misdirection? {
        guard let receiver = step.namespace[device: step.device], step.packet.isDestinationTranslated != true else {
            return nil
        }
        for path in context.graph.segment(out: step.device, of: step.namespace.name).paths where !path.isOutside {
            guard path.end.namespace != step.namespace.name, let sender = topology[namespace: path.end.namespace],
                let link = sender[device: path.end.device]
            else { continue }
            if let source = step.packet.macSource, let mac = link.mac, source != mac { continue }
            let route = sender.lookUpRoute(
                to: origin.destination, source: origin.source, mark: origin.mark, inDevice: nil)
            for entry in sender.neighbors where entry.device == link.name && entry.state.isResolved {
                let isGateway = entry.address == route.gateway
                guard let mac = entry.mac, owns(mac, step),
                    isGateway || entry.address == step.packet.destination
                        || route.gateway == nil && entry.address == origin.destination
                else { continue }
                let handover = Handover(
                    sender: sender.name, device: link.name, hop: entry.address, isGateway: isGateway,
                    receiver: step.namespace.name)
                if isMeant(handover, entry, for: step) { continue }
                let others = context.graph.segment(out: link.name, of: sender.name).paths.filter {
                    !$0.isOutside && $0.end.namespace != sender.name && $0.end.namespace != step.namespace.name
                }
                return Misdirection(
                    namespace: sender, link: link, entry: entry, mac: mac,
                    owner: Holder(namespace: step.namespace, link: receiver), right: right(entry.address, others))
            }
        }
        return nil
    }

    /// Whether a packet that a namespace forwards, or would, came to it by mistake, as far as can be told.
    enum Aim: Sendable {
        /// It was handed to this namespace on purpose, as to a router.
        case here
        /// It was sent to another machine, and came to this one; with the entry that led it here, where that is known.
        case elsewhere(Misdirection?)
        /// Who handed it over can't be seen.
        case unknown
    }

    /// Of a packet whose sender is not seen to be on the link that it came by: a switch between them may not be visible.
    func aim(of step: ReceiveStep) -> Aim {
        guard let handover = inputs.handover, handover.receiver == step.namespace.name else {
            return isFromLink(step) ? .elsewhere(nil) : .unknown
        }
        guard let receiver = step.namespace[device: step.device], let sender = topology[namespace: handover.sender],
            let link = sender[device: handover.device], link.mac != nil
        else { return .unknown }
        let entry = sender.neighbors.first {
            $0.address == handover.hop && $0.device == link.name && $0.state.isResolved
        }
        if isMeant(handover, entry, for: step) { return .here }
        guard let entry, let mac = entry.mac, owns(mac, step) else { return .elsewhere(nil) }
        return .elsewhere(
            Misdirection(
                namespace: sender, link: link, entry: entry, mac: mac,
                owner: Holder(namespace: step.namespace, link: receiver), isLinkHidden: true))
    }

    private func owns(_ mac: MACAddress, _ step: ReceiveStep) -> Bool {
        step.namespace.links.contains { $0.mac == mac && ($0.name == step.device || $0.master == step.device) }
    }

    /// Whether the namespace that a packet came to is the next hop that its sender chose: it has the address, replies for it or
    /// is set to, translates it, or a gateway that nobody has stands for the one other end of the link.
    private func isMeant(_ handover: Handover, _ entry: Neighbor?, for step: ReceiveStep) -> Bool {
        if step.namespace.holds(handover.hop) || step.packet.isDestinationTranslated == true { return true }
        let inquiry = NeighbourInquiry(namespace: step.namespace, device: step.device, target: handover.hop)
        switch inquiry.reply {
        case .proxy, .silent(.proxy): return true
        default: break
        }
        guard handover.isGateway, entry?.state == .permanent else { return false }
        let paths = context.graph.segment(out: handover.device, of: handover.sender).paths
        return !paths.isEmpty && paths.allSatisfy { !$0.isOutside && $0.end.namespace == step.namespace.name }
    }

    /// Whether the packet is for an address of the very link that it came in by.
    func isFromLink(_ step: ReceiveStep) -> Bool {
        let choice = step.choice
        guard choice.kind == .unicast, choice.gateway == nil, choice.device == step.device,
            step.packet.isDestinationTranslated != true
        else { return false }
        return choice.route?.origin == .kernel
    }
}
