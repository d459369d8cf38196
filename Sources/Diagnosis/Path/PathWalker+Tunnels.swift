internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Tunnels: the packet that carries another goes a path of its own, from the tunnel's device to the other end.
extension PathWalker {
    /// Through a tunnel. False where the packet that carries this one does not get there.
    mutating func tunnel(_ from: LayerTwoPath.Port, _ to: LayerTwoPath.Port, _ packet: PacketState) -> Bool {
        guard let near = topology[namespace: from.namespace], let nearLink = near[device: from.device],
            let far = topology[namespace: to.namespace], let farLink = far[device: to.device]
        else { return true }
        guard pass(DeviceStep(namespace: near, link: nearLink)) else { return false }
        let local = nearLink.vxlan?.local ?? nearLink.tunnel?.local
        var end = nearLink.tunnel?.remote
        if let vxlan = nearLink.vxlan, let other = farLink.vxlan {
            // The question for a neighbour is flooded.
            let remotes = vxlan.remotes(for: solicited == nil ? packet.macDestination : nil)
            if let own = remotes.first, near.holds(own) { return sendsToItself(near, nearLink, far, farLink, own) }
            end = remotes.first { far.holds($0) }
            let entry = vxlan.wrongEntry(for: packet.macDestination, isAsked: solicited != nil, far)
            if let fault = entry.map(TunnelStep.Fault.wrongEntry)
                ?? vxlan.fault(
                    towards: other, remotes: remotes, end: end, for: solicited == nil ? packet.macDestination : nil)
            {
                let wanted = other.local ?? underlayAddress(of: far, beside: near, vxlan)
                note(
                    .tunnel(
                        TunnelStep(
                            near: near, nearLink: nearLink, far: far, farLink: farLink, wanted: wanted, fault: fault)))
                return false
            }
        }
        guard farLink.isUp else {
            note(
                .tunnel(
                    TunnelStep(near: near, nearLink: nearLink, far: far, farLink: farLink, fault: .otherEndDown)))
            return false
        }
        guard let end else { return true }
        let carrier = Carrier(packet, by: nearLink, of: near, from: local, to: end)
        return !carry(carrier, from: .send(namespace: near.name)).isBlocked
    }

    /// Notes a tunnel whose other end is an address of its own namespace. Always false: the packet gets no further.
    private mutating func sendsToItself(
        _ near: Namespace, _ nearLink: Link, _ far: Namespace, _ farLink: Link, _ address: IPAddress
    ) -> Bool {
        note(
            .tunnel(
                TunnelStep(near: near, nearLink: nearLink, far: far, farLink: farLink, fault: .ownAddress(address))))
        return false
    }

    /// It leaves what was read by a device: where that is a tunnel's, inside an outer packet whose path is followed as far
    /// as it can be seen.
    mutating func leave(_ packet: PacketState, by device: LayerTwoPath.Port) {
        path.end = .left(namespace: device.namespace, device: device.device)
        guard let namespace = topology[namespace: device.namespace], let link = namespace[device: device.device],
            let end = link.tunnel?.remote ?? link.vxlan?.remotes(for: packet.macDestination).first
        else { return }
        if link.vxlan != nil, namespace.holds(end) {
            if !sendsToItself(namespace, link, namespace, link, end) { stop() }
            return
        }
        let local = link.vxlan?.local ?? link.tunnel?.local
        let outer = carry(
            Carrier(packet, by: link, of: namespace, from: local, to: end), from: .send(namespace: namespace.name))
        if outer.isBlocked { return stop() }
        if case .left = outer.end { path.end = outer.end }
    }

    /// A packet that was last seen inside another one: that one's path, then its own from where it is taken out.
    mutating func walk(_ packet: PacketState, inside carrier: Carrier, from start: PathStart) {
        let outer = carry(carrier, from: start)
        if outer.isBlocked { return stop() }
        guard case .delivered(let name) = outer.end, let far = topology[namespace: name] else {
            path.end = outer.end
            return
        }
        // Translations on its path may have changed its addresses.
        let encapsulation = Encapsulation(
            kind: carrier.kind, identifier: carrier.identifier, source: carrier.packet.source,
            destination: carrier.packet.destination)
        guard
            let link = far.links.first(where: { $0.takes(encapsulation, port: carrier.packet.destinationPort) })
        else { return noteMisfit(carrier, far) }
        guard link.isUp else {
            if let near = carrier.namespace, let nearLink = carrier.link {
                note(
                    .tunnel(
                        TunnelStep(near: near, nearLink: nearLink, far: far, farLink: link, fault: .otherEndDown)))
            }
            return stop()
        }
        var packet = packet
        askReceiver(far, link, &packet)
        follow(
            packet, inputs.graph.segment(into: link.name, of: far.name),
            at: LayerTwoPath.Port(namespace: far.name, device: link.name))
    }

    /// The outer packet came to a namespace none of whose devices takes it.
    private mutating func noteMisfit(_ carrier: Carrier, _ far: Namespace) {
        guard let near = carrier.namespace, near.name != far.name, let nearLink = carrier.link,
            let vxlan = nearLink.vxlan, let farLink = far.links.first(where: { $0.vxlan != nil }),
            let other = farLink.vxlan,
            let fault = vxlan.fault(
                towards: other, remotes: [carrier.packet.destination], end: carrier.packet.destination)
        else { return }
        note(.tunnel(TunnelStep(near: near, nearLink: nearLink, far: far, farLink: farLink, fault: fault)))
        stop()
    }

    /// Nobody that can be seen answers for the next hop, and the question goes out by a tunnel: what stops it on its path
    /// as far as that can be seen, in its outer packet.
    mutating func askThroughTunnel(_ packet: PacketState, from device: LayerTwoPath.Port) {
        let paths = inputs.graph.segment(out: device.device, of: device.namespace).paths
        guard
            let way = paths.first(where: { way in
                way.isOutside && topology.link(at: way.end).map { $0.vxlan != nil || $0.tunnel != nil } == true
            })
        else { return }
        let end = path.end
        travel(packet, way)
        path.end = end
    }

    private mutating func carry(_ carrier: Carrier, from start: PathStart) -> ForwardPath {
        // The kernel ends a packet in more (XMIT_RECURSION_LIMIT).
        guard path.depth < Self.depthLimit else {
            var none = ForwardPath(origin: carrier.packet, inputs)
            none.isBlocked = true
            return none
        }
        var carrier = carrier
        if inputs.requestPassed != nil { carrier.answersTunnel() }
        var outerInputs = PathInputs(inputs.context, flows: inputs.flows)
        if case .send = start, let near = carrier.namespace, let choice = carrier.boundChoice {
            outerInputs.overrides[near.name] = choice
        }
        let outer = ForwardPath(of: carrier.packet, from: start, outerInputs, carrying: path)
        path.stations = outer.stations
        // The kernel chose its source with its route.
        if carrier.packet.source.isUnspecified, let source = outer.routers.first?.packet.source {
            carrier.packet.source = source
        }
        note(.carrier(CarrierStep(carrier: carrier, outer: outer)))
        return outer
    }

    /// The address by which `near` would reach `far` for the outer packets.
    private func underlayAddress(of far: Namespace, beside near: Namespace, _ vxlan: Link.VXLAN) -> IPAddress? {
        let isIPv4 = vxlan.local?.isIPv4 ?? vxlan.remote?.isIPv4 ?? true
        for link in far.links where link.kind != .loopback && link.kind != .vxlan && link.kind != .bridge {
            for prefix in link.addresses where prefix.address.isIPv4 == isIPv4 && !prefix.address.isLinkLocal {
                let choice = near.lookUpRoute(to: prefix.address, source: nil, mark: 0, inDevice: nil)
                if choice.kind == .unicast { return prefix.address }
            }
        }
        return nil
    }
}

extension Link.VXLAN {
    /// Where frames to a MAC address are sent: by its own FDB entry, else to the default remote and where all are flooded to.
    fileprivate func remotes(for mac: MACAddress?) -> [IPAddress] {
        let flooding = fdb.filter { $0.mac == MACAddress(value: 0) }.compactMap(\.destination)
        let specific = fdb.filter { $0.mac == mac }.compactMap(\.destination)
        if !specific.isEmpty { return specific }
        return ([remote].compactMap(\.self) + flooding).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The entry for the MAC address of somebody behind `far` that leads elsewhere. While his address is asked for, frames are
    /// flooded, and those that come from him are dropped where the entry was configured (vxlan_snoop).
    fileprivate func wrongEntry(for mac: MACAddress?, isAsked: Bool, _ far: Namespace) -> FDBEntry? {
        guard let mac, mac != MACAddress(value: 0) else { return nil }
        let entries = fdb.filter { $0.mac == mac && $0.destination != nil }
        guard let entry = entries.first, !entries.contains(where: { $0.destination.map(far.holds) == true }),
            !isAsked || learning && entry.permanent
        else { return nil }
        return entry
    }

    /// What keeps this end from reaching `other`, whose namespace has the address `end`.
    fileprivate func fault(
        towards other: Link.VXLAN, remotes: [IPAddress], end: IPAddress?, for mac: MACAddress? = nil
    ) -> TunnelStep.Fault? {
        if remotes.isEmpty {
            let hasEntries = fdb.contains { $0.destination != nil }
            return mac.flatMap { hasEntries && !$0.isGroup ? .noEntry($0) : nil } ?? .noRemote
        }
        if end == nil, let group = remotes.first(where: \.isMulticast) {
            if other.remote != group { return .group(group, other: other.remote) }
        } else if end == nil {
            return .wrongRemote(remotes)
        }
        if identifier != other.identifier { return .identifier(identifier, other: other.identifier) }
        if port != other.port { return .port(port, other: other.port) }
        return nil
    }
}
