internal import Wire

/// Follows a frame through a segment. Cost: linear in the devices of the segment.
///
/// Each device is entered once and left once, and no path is longer than `longestPath`: a topology whose links form a
/// circle, or name themselves, comes to an end.
struct SegmentSearch {
    private static let longestPath = 64

    private let graph: NetworkGraph
    private(set) var paths: [LayerTwoPath] = []
    private(set) var deadEnds: [LayerTwoPath] = []
    private var entered: Set<NetworkGraph.Device> = []
    private var left: Set<NetworkGraph.Device> = []
    private var ended: Set<NetworkGraph.Device> = []

    init(_ graph: NetworkGraph) {
        self.graph = graph
    }

    /// The frame is sent by `device`.
    mutating func leave(_ device: NetworkGraph.Device, _ steps: [LayerTwoPath.Step]) {
        guard steps.count < Self.longestPath, left.insert(device).inserted else { return }
        let link = graph[device]
        switch link.kind {
        case .bridge:
            for port in graph.ports(of: device) {
                leave(port, steps + [bridge(device, in: nil, out: port)])
            }
            return
        case .vlan:
            if let lower = graph.lower(of: device) { return leave(lower, steps) }
            if link.lower != nil { return }
        case .macvlan, .macvtap:
            if let lower = graph.lower(of: device) { return leave(device, above: lower, steps) }
            if link.lower != nil { return }
        default: break
        }
        if link.peer != nil {
            if let peer = graph.peer(of: device) {
                enter(peer, steps + [.wire(from: port(device), to: port(peer))])
            } else if link.peer?.namespace.flatMap({ graph[namespace: $0] }) == nil {
                leaveWhatWasRead(device, steps)
            }
        } else if let vxlan = link.vxlan {
            leaveTunnel(device, vxlan, steps)
        } else if let tunnel = link.tunnel {
            leaveTunnel(device, tunnel, steps)
        } else if link.kind == .tun, link.isUp, !link.hasCarrier {
            // No program has it open.
            deadEnds.append(LayerTwoPath(steps: steps, end: port(device), isOutside: true))
        } else if link.kind != .loopback {
            leaveWhatWasRead(device, steps)
        }
    }

    /// A macvlan device sends: to siblings directly where both are in mode `bridge`, and by the device below. A sibling
    /// that is reached in neither way, and the device below itself, come last, with the step that keeps them apart.
    private mutating func leave(
        _ device: NetworkGraph.Device, above lower: NetworkGraph.Device, _ steps: [LayerTwoPath.Step]
    ) {
        func step(to other: NetworkGraph.Device) -> LayerTwoPath.Step {
            .sibling(from: port(device), to: port(other), lower: port(lower))
        }
        let siblings = graph.children(of: lower).filter { $0 != device && graph[$0].kind.isMacvlan }
        for sibling in siblings where graph[device].isBridging && graph[sibling].isBridging {
            end(sibling, steps + [step(to: sibling)])
        }
        leave(lower, steps)
        for other in siblings + [lower] where !ended.contains(other) { end(other, steps + [step(to: other)]) }
    }

    private mutating func leaveTunnel(
        _ device: NetworkGraph.Device, _ vxlan: Link.VXLAN, _ steps: [LayerTwoPath.Step]
    ) {
        // Any other VXLAN device is a possible far end: whether this one reaches it is checked step by step.
        for other in graph.vxlans where other.namespace != device.namespace {
            enter(other, steps + [.tunnel(from: port(device), to: port(other))])
        }
        let ends = vxlan.fdb.compactMap(\.destination) + [vxlan.remote].compactMap(\.self)
        // That its own namespace has the address too makes it nobody else's that can be seen.
        let isUnseen = { (end: IPAddress) in
            !end.isLoopback && graph.holders(of: end).allSatisfy { $0.namespace == device.namespace }
        }
        if ends.contains(where: isUnseen) {
            leaveWhatWasRead(device, steps)
        } else if ends.isEmpty, vxlan.isExternal != true {
            deadEnds.append(LayerTwoPath(steps: steps, end: port(device), isOutside: true))
        }
    }

    /// To the device that takes the packets of a GRE or IP-in-IP device, where it can be seen.
    private mutating func leaveTunnel(
        _ device: NetworkGraph.Device, _ tunnel: Link.Tunnel, _ steps: [LayerTwoPath.Step]
    ) {
        let far = graph.tunnels.first { other in
            other.namespace != device.namespace && graph[other].kind == graph[device].kind
                && tunnel.remote.map(graph.namespace(of: other).holds) == true
                && graph[other].tunnel?.takes(from: tunnel) == true
        }
        guard let far else { return leaveWhatWasRead(device, steps) }
        enter(far, steps + [.tunnel(from: port(device), to: port(far))])
    }

    /// The frame is received by `device`.
    mutating func enter(_ device: NetworkGraph.Device, _ steps: [LayerTwoPath.Step]) {
        guard steps.count < Self.longestPath, entered.insert(device).inserted else { return }
        if let bridge = graph.bridge(of: device) {
            end(bridge, steps + [self.bridge(bridge, in: device, out: nil)])
            for port in graph.ports(of: bridge) where port != device || graph[port].bridgePort?.hairpin == true {
                leave(port, steps + [self.bridge(bridge, in: device, out: port)])
            }
            return
        }
        end(device, steps)
        for child in graph.children(of: device) where graph[child].kind.isMacvlan { end(child, steps) }
    }

    private mutating func end(_ device: NetworkGraph.Device, _ steps: [LayerTwoPath.Step]) {
        ended.insert(device)
        paths.append(LayerTwoPath(steps: steps, end: port(device)))
    }

    private mutating func leaveWhatWasRead(_ device: NetworkGraph.Device, _ steps: [LayerTwoPath.Step]) {
        paths.append(LayerTwoPath(steps: steps, end: port(device), isOutside: true))
    }

    private func port(_ device: NetworkGraph.Device) -> LayerTwoPath.Port {
        LayerTwoPath.Port(namespace: graph.namespace(of: device).name, device: graph[device].name)
    }

    private func bridge(
        _ bridge: NetworkGraph.Device, in incoming: NetworkGraph.Device?, out outgoing: NetworkGraph.Device?
    ) -> LayerTwoPath.Step {
        .bridge(
            namespace: graph.namespace(of: bridge).name, bridge: graph[bridge].name,
            in: incoming.map { graph[$0].name }, out: outgoing.map { graph[$0].name })
    }
}
