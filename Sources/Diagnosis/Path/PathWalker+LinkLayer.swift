internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Frames: wires, bridges, tunnels, and what devices ask of them.
extension PathWalker {
    /// A frame that was seen on a wire: its MAC destination says to whom it goes.
    mutating func follow(_ packet: PacketState, _ segment: Segment) {
        guard mayContinue() else { return }
        let inside = segment.paths.filter { !$0.isOutside }
        if let target = target(of: packet, among: inside) {
            travel(packet, target)
        } else if let outside = segment.paths.first(where: \.isOutside) {
            leave(packet, by: outside.end)
        } else if let mac = packet.macDestination {
            note(.stray(mac))
        }
    }

    /// Whoever has the MAC address of the frame, else the IP address of the packet; without MAC addresses, the one that
    /// would forward it.
    private func target(of packet: PacketState, among paths: [LayerTwoPath]) -> LayerTwoPath? {
        if let mac = packet.macDestination, !mac.isGroup {
            if let owner = paths.first(where: { topology.link(at: $0.end)?.mac == mac }) { return owner }
            // A port's own address is the bridge's too.
            let bridge = paths.first { path in
                topology[namespace: path.end.namespace]?.links.contains {
                    $0.master == path.end.device && $0.mac == mac
                } == true
            }
            if let bridge { return bridge }
        }
        let holder = paths.first { topology[namespace: $0.end.namespace]?.holds(packet.destination) == true }
        if holder != nil || packet.macDestination != nil { return holder }
        return paths.first {
            topology[namespace: $0.end.namespace].map { inputs.forwards($0, $0.links.first?.name, packet) } == true
        } ?? paths.first
    }

    mutating func travel(_ packet: PacketState, _ way: LayerTwoPath) {
        var packet = packet
        var physical: String?
        for step in way.steps {
            let isPassed =
                switch step {
                case .wire(let from, let to): cross(from, to, &packet)
                case .bridge(let name, let bridge, let inPort, let outPort):
                    bridged(name, bridge, inPort, outPort, &packet)
                case .tunnel(let from, let to): tunnel(from, to, packet)
                }
            guard isPassed else {
                path.isBlocked = true
                return
            }
            if case .bridge(_, _, let port, nil) = step { physical = port }
        }
        let namespace = topology[namespace: way.end.namespace]
        if way.isOutside {
            if let namespace, let link = namespace[device: way.end.device] { askTransmitter(namespace, link, &packet) }
            leave(packet, by: way.end)
            return
        }
        guard let namespace else { return }
        note(.sighting(way.end))
        receive(packet, namespace, way.end.device, physical: physical, resumed: nil)
    }

    // MARK: Devices

    /// What a device asks before a capture sees the packet go out.
    mutating func askTransmitter(_ namespace: Namespace, _ link: Link, _ packet: inout PacketState) {
        note(.programs(ProgramStep(namespace: namespace, link: link, isIngress: false)))
        askDevice(.egress, namespace, link, &packet)
        note(.queue(QueueStep(namespace: namespace, link: link, packet: packet)))
    }

    /// What a device asks after a capture has seen the packet come in.
    mutating func askReceiver(_ namespace: Namespace, _ link: Link, _ packet: inout PacketState) {
        note(.programs(ProgramStep(namespace: namespace, link: link, isIngress: true)))
        askDevice(.ingress, namespace, link, &packet)
    }

    private mutating func askDevice(
        _ hook: NetfilterHook, _ namespace: Namespace, _ link: Link, _ packet: inout PacketState
    ) {
        let site = RuleSite(
            namespace: namespace, inDevice: hook == .ingress ? link.name : nil,
            outDevice: hook == .egress ? link.name : nil)
        let traversal = HookTraversal(
            site: site, hook: hook, families: ["netdev"], device: link.name, asksTranslation: false)
        // Most devices have no chain of their own.
        if !traversal.baseChains().isEmpty { ask(traversal, &packet, isExpected: false) }
    }

    /// From one end of a wire to the other. False where the frame can't pass.
    private mutating func cross(
        _ from: LayerTwoPath.Port, _ to: LayerTwoPath.Port, _ packet: inout PacketState
    ) -> Bool {
        guard let near = topology[namespace: from.namespace], let nearLink = near[device: from.device],
            let far = topology[namespace: to.namespace], let farLink = far[device: to.device]
        else { return true }
        if from != seenOut {
            guard pass(DeviceStep(namespace: near, link: nearLink)) else { return false }
            askTransmitter(near, nearLink, &packet)
        }
        note(.sighting(from))
        note(.wire(WireStep(near: near, nearLink: nearLink, far: far, farLink: farLink, packet: packet)))
        guard farLink.isUp else { return false }
        note(.programs(ProgramStep(namespace: far, link: farLink, isIngress: true, isBeforeCapture: true)))
        note(.sighting(to))
        askReceiver(far, farLink, &packet)
        return true
    }

    // MARK: Bridges

    /// Through a bridge. False where the frame can't pass.
    private mutating func bridged(
        _ name: String, _ bridge: String, _ inPort: String?, _ outPort: String?, _ packet: inout PacketState
    ) -> Bool {
        guard let namespace = topology[namespace: name], let link = namespace[device: bridge] else { return true }
        let step = BridgeStep(
            namespace: namespace, bridge: link, entry: inPort.flatMap { namespace[device: $0] },
            exit: outPort.flatMap { namespace[device: $0] }, packet: packet)
        note(.bridge(step))
        guard step.blockage == nil else { return false }
        askBridge(namespace, inPort, outPort, &packet)
        if let inPort, let outPort, step.handsToIP(packet) {
            askBridgeNetfilter(namespace, bridge, inPort, outPort, &packet)
        }
        return true
    }

    private mutating func askBridge(
        _ namespace: Namespace, _ inPort: String?, _ outPort: String?, _ packet: inout PacketState
    ) {
        guard namespace.netfilter.chains.contains(where: { $0.family == "bridge" }) else { return }
        var hooks: [NetfilterHook] = inPort == nil ? [.output] : [.prerouting]
        if inPort != nil { hooks.append(outPort == nil ? .input : .forward) }
        if outPort != nil { hooks.append(.postrouting) }
        for hook in hooks {
            let site = RuleSite(
                namespace: namespace, inDevice: hook == .output || hook == .postrouting ? nil : inPort,
                outDevice: hook == .prerouting || hook == .input ? nil : outPort)
            ask(
                HookTraversal(site: site, hook: hook, families: ["bridge"], asksTranslation: false), &packet,
                isExpected: false)
        }
    }

    /// br_netfilter hands frames that are only bridged to the IP hooks.
    private mutating func askBridgeNetfilter(
        _ namespace: Namespace, _ bridge: String, _ inPort: String, _ outPort: String, _ packet: inout PacketState
    ) {
        for hook in [NetfilterHook.prerouting, .forward, .postrouting] {
            packet.connection = inputs.connectionState(packet, namespace)
            let site = RuleSite(
                namespace: namespace, inDevice: hook == .postrouting ? nil : bridge,
                outDevice: hook == .prerouting ? nil : bridge, physicalInDevice: inPort,
                physicalOutDevice: hook == .prerouting ? nil : outPort)
            let families: Set<TableFamily> = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
            ask(HookTraversal(site: site, hook: hook, families: families), &packet, isExpected: true)
        }
    }
}

extension BridgeStep {
    /// What keeps a frame from passing; nil where it passes. Frames are taken to be untagged: they are in the VLAN that
    /// is the PVID of the port that they come in by.
    var blockage: Blockage? {
        guard bridge.isUp else { return .bridgeDown }
        for port in [entry, exit].compactMap(\.self) {
            guard port.isUp else { return .portDown(port) }
            if let state = port.bridgePort?.state, state != .forwarding, port.hasCarrier {
                return .state(port, state)
            }
        }
        if let entry, let exit, entry.bridgePort?.isolated == true, exit.bridgePort?.isolated == true {
            return .isolated(from: entry, to: exit)
        }
        return bridge.bridge?.vlanFiltering == true ? vlanBlockage : nil
    }

    private var vlanBlockage: Blockage? {
        guard let vlan = entry.map({ $0.bridgePort?.pvid }) ?? ownVLAN, vlan != 0 else {
            return entry.map(Blockage.noPVID)
        }
        if let exit {
            let isMember = exit.bridgePort?.pvid == vlan || exit.bridgePort?.vlans.contains(vlan) == true
            return isMember ? nil : .notMember(exit, vlan: vlan)
        }
        guard let entry, let own = ownVLAN, own != vlan else { return nil }
        return bridge.bridge?.vlans?.contains(vlan) == true ? nil : .notBridges(entry, vlan: vlan)
    }

    /// Whether frames that are only bridged are handed to the IP hooks too (br_netfilter).
    func handsToIP(_ packet: PacketState) -> Bool {
        let own = packet.source.isIPv4 ? bridge.bridge?.callsIPTables : bridge.bridge?.callsIP6Tables
        return namespace.sysctls[Self.netfilterKey(packet)] == "1" || own == true
    }

    static func netfilterKey(_ packet: PacketState) -> String {
        packet.source.isIPv4 ? "net.bridge.bridge-nf-call-iptables" : "net.bridge.bridge-nf-call-ip6tables"
    }
}
