internal import Ruleset
internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// Frames: wires, bridges, tunnels, and what devices ask of them.
extension PathWalker {
    /// A frame that was seen on a wire: its MAC destination says to whom it goes.
    mutating func follow(_ packet: PacketState, _ segment: Segment, at here: LayerTwoPath.Port) {
        guard mayContinue() else { return }
        let inside = segment.paths.filter { !$0.isOutside }
        if let target = target(of: packet, among: inside) {
            travel(packet, target)
        } else if let outside = segment.paths.first(where: \.isOutside) {
            leave(packet, by: outside.end)
        } else if let mac = packet.macDestination {
            guard let namespace = topology[namespace: here.namespace] else { return }
            note(.stray(StrayStep(namespace: namespace, device: here.device, packet: packet, mac: mac)))
        }
    }

    /// Whoever has the MAC address of the frame, else the IP address of the packet; without MAC addresses, the one that
    /// would forward it.
    private func target(of packet: PacketState, among paths: [LayerTwoPath]) -> LayerTwoPath? {
        if let mac = packet.macDestination, !mac.isGroup {
            if let owner = paths.first(where: { topology.link(at: $0.end)?.mac == mac }) { return owner }
            if let bridge = paths.first(where: { owns(mac, at: $0.end) }) { return bridge }
        }
        let holder = paths.first { topology[namespace: $0.end.namespace]?.holds(packet.destination) == true }
        if let mac = packet.macDestination {
            // A frame for another address than the holder's is not taken by it.
            let isOther = !mac.isGroup && holder.flatMap { topology.link(at: $0.end)?.mac }.map { $0 != mac } == true
            return isOther ? nil : holder
        }
        if holder != nil { return holder }
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
                case .sibling(let from, let to, let lower): sibling(from, to, lower, packet)
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
        guard isTakenUp(packet, way, namespace) else {
            path.isBlocked = true
            return
        }
        // What a bridge hands to the IP hooks has met prerouting before the bridge's own device is seen to take it.
        if !isPrerouted(packet, at: physical, by: way.end.device, namespace) { note(.sighting(way.end, .in)) }
        receive(packet, namespace, way.end.device, physical: physical, resumed: nil)
    }

    /// Whether br_netfilter asks prerouting about a frame for the bridge itself as the frame comes in by a port
    /// (`br_nf_pre_routing`).
    func isPrerouted(_ packet: PacketState, at port: String?, by device: String, _ namespace: Namespace) -> Bool {
        guard port != nil, let bridge = namespace[device: device], bridge.kind == .bridge else { return false }
        return BridgeStep(namespace: namespace, bridge: bridge, entry: nil, exit: nil, packet: packet).handsToIP(packet)
    }

    // MARK: Devices

    /// What a device asks before a capture sees the packet go out.
    mutating func askTransmitter(_ namespace: Namespace, _ link: Link, _ packet: inout PacketState) {
        note(.programs(ProgramStep(namespace: namespace, link: link, isIngress: false)))
        askDevice(.egress, namespace, link, &packet)
        askQueue(namespace, link, packet)
    }

    /// Where nobody replied for the next hop, it is the question that the queue must let out.
    mutating func askQueue(_ namespace: Namespace, _ link: Link, _ packet: PacketState) {
        note(
            .queue(
                QueueStep(
                    namespace: namespace, link: link, packet: question ?? packet,
                    asked: question.flatMap { _ in solicited })))
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
            // Of the family inet a table may have chains at ingress (since Linux 5.10).
            site: site, hook: hook, families: ["netdev", "inet"], device: link.name, asksTranslation: false)
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
        note(.sighting(from, .out))
        note(.wire(WireStep(near: near, nearLink: nearLink, far: far, farLink: farLink, packet: packet)))
        guard farLink.isUp else { return false }
        if near.name != far.name { packet.cross() }
        note(.programs(ProgramStep(namespace: far, link: farLink, isIngress: true, isBeforeCapture: true)))
        note(.sighting(to, .in))
        askReceiver(far, farLink, &packet)
        return true
    }

    // MARK: Bridges

    /// Through a bridge. False where the frame can't pass.
    private mutating func bridged(
        _ name: String, _ bridge: String, _ inPort: String?, _ outPort: String?, _ packet: inout PacketState
    ) -> Bool {
        guard let namespace = topology[namespace: name], let link = namespace[device: bridge] else { return true }
        let from = inPort ?? bridgedFrom
        bridgedFrom = nil
        let step = BridgeStep(
            namespace: namespace, bridge: link, entry: from.flatMap { namespace[device: $0] },
            exit: outPort.flatMap { namespace[device: $0] }, packet: packet, solicited: solicited)
        note(.bridge(step))
        guard step.blockage == nil else { return false }
        if inPort != nil, outPort != nil, namespace.netfilter.compiled.tracksBridged {
            packet.connection = inputs.connectionState(packet, namespace)
            noteUnrecognised(&packet, namespace, inDevice: bridge, port: inPort)
        }
        askBridge(namespace, inPort, outPort, &packet)
        if let inPort, let outPort, step.handsToIP(packet) {
            askBridgeNetfilter(namespace, bridge, inPort, outPort, &packet)
            if let exit = step.exit, packet.ipProtocol != .tcp, packet.exceeds(exit), step.fragments(packet) {
                packet.isFragmented = true
                packet.length = exit.mtu
            }
        }
        return true
    }

    private mutating func askBridge(
        _ namespace: Namespace, _ inPort: String?, _ outPort: String?, _ packet: inout PacketState
    ) {
        guard namespace.netfilter.chains.contains(where: { $0.family == .bridge }) else { return }
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
        // No socket takes what the bridge sends on.
        packet.isAssignedSocket = false
    }

    // MARK: macvlan

    /// Whether a device on top of the one that a frame came in by takes it: false for a macvlan in mode `source` whose list does
    /// not have the sender.
    private mutating func isTakenUp(_ packet: PacketState, _ way: LayerTwoPath, _ namespace: Namespace) -> Bool {
        if case .sibling? = way.steps.last { return true }
        guard let link = namespace[device: way.end.device], link.kind.isMacvlan, link.mode == .source,
            let below = topology[namespace: link.lowerNamespace ?? namespace.name],
            let lower = link.lower.flatMap({ below[device: $0] })
        else { return true }
        let step = SiblingStep(
            lower: lower, near: below, nearLink: lower, far: namespace, farLink: link, isParent: false, isEntry: true,
            packet: packet)
        note(.sibling(step))
        return step.isOpen
    }

    /// Between devices on top of one. False where their modes keep them apart.
    private mutating func sibling(
        _ from: LayerTwoPath.Port, _ to: LayerTwoPath.Port, _ lower: LayerTwoPath.Port, _ packet: PacketState
    ) -> Bool {
        guard let near = topology[namespace: from.namespace], let nearLink = near[device: from.device],
            let far = topology[namespace: to.namespace], let farLink = far[device: to.device],
            let below = topology.link(at: lower)
        else { return true }
        guard pass(DeviceStep(namespace: near, link: nearLink)) else { return false }
        let step = SiblingStep(
            lower: below, near: near, nearLink: nearLink, far: far, farLink: farLink, isParent: to == lower,
            packet: packet)
        note(.sibling(step))
        return step.isOpen
    }
}

extension PacketState {
    /// Into another namespace: it bears neither mark nor conntrack's word any more (`skb_scrub_packet`).
    fileprivate mutating func cross() {
        mark = 0
        isMarkKnown = true
        isAssignedSocket = false
        if connection == .untracked { connection = nil }
    }
}
