internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// One end of a veth pair or of a tunnel that should be a port of a bridge is none: what comes in by it goes nowhere.
struct PortWithoutBridge: Obstacle {
    let code: FindingCode = "port-without-bridge"
    let steps: Set<PathStep.Kind> = [.neighbour, .stray]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere, .stopsAfterArrival]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .neighbour(let step):
            switch step.resolution {
            case .nobody, .stray: surroundings.loosePort(step).map { loose($0, "\(step.hop)", step.fact) } ?? []
            case .path, .outside: []
            }
        case .stray(let step):
            surroundings.loosePort(step).map {
                loose($0, "\(step.mac)", .seen("a frame to \(step.mac) came in by \(step.device)"))
            } ?? []
        default: []
        }
    }

    private func loose(_ found: Surroundings.LoosePort, _ wanted: String, _ fact: Fact) -> [Judgement] {
        let (namespace, port, bridge) = (found.namespace, found.port, found.bridge)
        let peer = port.peer.map { "\($0.device) in \($0.namespace ?? "another namespace")" } ?? "another device"
        let isTunnel = port.vxlan != nil || port.tunnel != nil
        return stops(
            at: Finding.Place(namespace: namespace.name, device: port.name),
            "\(port.name) in \(namespace.name), \(isTunnel ? "an end of a tunnel" : "the other end of \(peer)"), is a port of no bridge and has no address: frames that come in by it go nowhere; \(wanted) is on \(bridge.name)",
            evidence: [.state("\(port.name) in \(namespace.name) has no master and no address"), fact],
            remedy: Remedy([.ip(namespace, "link set \(port.name) master \(bridge.name)")]))
    }
}

extension Surroundings {
    /// A device that is joined to nothing, and the bridge beside it on whose segment the next hop is.
    struct LoosePort {
        var namespace: Namespace
        var port: Link
        var bridge: Link
    }

    /// Nil where there is no such device, or somebody may be past what can be seen.
    /// Of a frame that came in by such a device and is for a bridge beside it, or for somebody behind that.
    func loosePort(_ step: StrayStep) -> LoosePort? {
        guard let port = context.graph.device(step.device, in: step.namespace.name), isLoose(port) else { return nil }
        let namespace = step.namespace
        for bridge in namespace.links where bridge.kind == .bridge {
            let behind = context.graph.segment(out: bridge.name, of: namespace.name).paths
            guard bridge.mac == step.mac || behind.contains(where: { topology.link(at: $0.end)?.mac == step.mac })
            else {
                continue
            }
            return LoosePort(namespace: namespace, port: context.graph[port], bridge: bridge)
        }
        return nil
    }

    func loosePort(_ step: NeighbourStep) -> LoosePort? {
        guard step.holders.isEmpty, !step.hasOutside, step.silences.isEmpty else { return nil }
        let graph = context.graph
        // The sender's own end, then that of whoever has the address.
        for path in graph.segment(out: step.link.name, of: step.namespace.name).paths where !path.isOutside {
            guard let port = graph.device(path.end.device, in: path.end.namespace), isLoose(port) else {
                continue
            }
            let namespace = graph.namespace(of: port)
            for bridge in namespace.links where bridge.kind == .bridge && reaches(bridge, of: namespace, step.hop) {
                return LoosePort(namespace: namespace, port: graph[port], bridge: bridge)
            }
        }
        for holder in graph.holders(of: step.hop) {
            guard let port = graph.peer(of: holder), isLoose(port) else { continue }
            let namespace = graph.namespace(of: port)
            for bridge in namespace.links where bridge.kind == .bridge && isOnLink(bridge, of: namespace, step) {
                return LoosePort(namespace: namespace, port: graph[port], bridge: bridge)
            }
        }
        return nil
    }

    /// Without a master, an address or a route: nobody uses it.
    private func isLoose(_ device: NetworkGraph.Device) -> Bool {
        let (link, namespace) = (context.graph[device], context.graph.namespace(of: device))
        return (link.kind.isPair || link.vxlan != nil || link.kind == .gretap) && link.isUp && link.master == nil
            && !link.addresses.contains { !$0.address.isLinkLocal }
            && !namespace.routes.contains {
                $0.device == link.name && !$0.destination.address.isLinkLocal && !$0.destination.address.isMulticast
            }
            && context.graph.children(of: device).isEmpty
    }

    private func reaches(_ bridge: Link, of namespace: Namespace, _ hop: IPAddress) -> Bool {
        if bridge.addresses.contains(where: { $0.address == hop }) { return true }
        return context.graph.segment(out: bridge.name, of: namespace.name).paths.contains {
            !$0.isOutside && topology[namespace: $0.end.namespace]?.holds(hop) == true
        }
    }

    private func isOnLink(_ bridge: Link, of namespace: Namespace, _ step: NeighbourStep) -> Bool {
        if namespace.name == step.namespace.name, bridge.name == step.link.name { return true }
        return context.graph.segment(out: step.link.name, of: step.namespace.name).paths.contains {
            $0.end == LayerTwoPath.Port(namespace: namespace.name, device: bridge.name)
        }
    }
}
