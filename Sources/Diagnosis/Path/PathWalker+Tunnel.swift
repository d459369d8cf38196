internal import Network
internal import Ruleset
internal import Wire

/// Tunnels, and the packets that carry others through them.
extension PathWalker {
    /// Through a VXLAN tunnel. False where the packet that carries this one does not get there.
    mutating func tunnel(_ from: LayerTwoPath.Port, _ to: LayerTwoPath.Port, _ packet: PacketState) -> Bool {
        guard let near = topology[namespace: from.namespace], let nearLink = near[device: from.device],
            let vxlan = nearLink.vxlan, let far = topology[namespace: to.namespace],
            let farLink = far[device: to.device], let other = farLink.vxlan
        else { return true }
        guard pass(DeviceStep(namespace: near, link: nearLink)) else { return false }
        var step = TunnelStep(near: near, nearLink: nearLink, far: far, farLink: farLink)
        step.wanted = other.local ?? underlayAddress(of: far, beside: near, vxlan)
        // The question for a neighbour is flooded.
        let remotes = vxlan.remotes(for: solicited == nil ? packet.macDestination : nil)
        let end = remotes.first { far.holds($0) }
        step.fault = vxlan.fault(towards: other, remotes: remotes, end: end)
        if step.fault == nil, !farLink.isUp { step.fault = .otherEndDown }
        guard step.fault == nil, let end, path.depth < Self.depthLimit else {
            note(.tunnel(step))
            return false
        }
        let outer = PacketState(
            source: vxlan.local ?? IPAddress(ipv4: 0), destination: end, ipProtocol: .udp,
            destinationPort: vxlan.port, ttl: 64, length: packet.length == 0 ? 0 : packet.length + 50,
            dontFragment: false, connection: .new)
        let carried = ForwardPath(
            of: outer, from: .send(namespace: near.name), PathInputs(inputs.context, flows: inputs.flows),
            carrying: path)
        path.stations = carried.stations
        step.outer = carried
        note(.tunnel(step))
        return !carried.isBlocked
    }

    /// The address by which `near` would reach `far` for the outer packets.
    private func underlayAddress(of far: Namespace, beside near: Namespace, _ vxlan: Link.VXLAN) -> IPAddress? {
        let isIPv4 = vxlan.local?.isIPv4 ?? vxlan.remote?.isIPv4 ?? true
        for link in far.links where link.kind != "loopback" && link.kind != "vxlan" && link.kind != "bridge" {
            for prefix in link.addresses where prefix.address.isIPv4 == isIPv4 && !prefix.address.isLinkLocal {
                let choice = near.lookUpRoute(to: prefix.address, source: nil, mark: 0, inDevice: nil)
                if choice.kind == "unicast" { return prefix.address }
            }
        }
        return nil
    }
}

extension Link.VXLAN {
    /// Where frames to a MAC address are sent: its own FDB entry, the default remote, then where all are flooded to.
    fileprivate func remotes(for mac: MACAddress?) -> [IPAddress] {
        let flooding = fdb.filter { $0.mac == MACAddress(value: 0) }.compactMap(\.destination)
        let specific = mac.flatMap { mac in fdb.first { $0.mac == mac }?.destination }
        return [specific, remote].compactMap(\.self) + flooding
    }

    /// What keeps this end from reaching `other`, whose namespace has the address `end`.
    fileprivate func fault(
        towards other: Link.VXLAN, remotes: [IPAddress], end: IPAddress?
    ) -> TunnelStep.Fault? {
        if remotes.isEmpty { return .noRemote }
        guard let end else { return .wrongRemote(remotes) }
        if identifier != other.identifier { return .identifier(identifier, other: other.identifier) }
        if port != other.port { return .port(port, other: other.port) }
        if let local = other.local, local != end { return .local(sends: end, takes: local) }
        return nil
    }
}
