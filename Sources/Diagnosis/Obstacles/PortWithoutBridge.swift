internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// One end of a veth pair that should be a port of a bridge is none: what comes in by it goes nowhere.
struct PortWithoutBridge: Obstacle {
    let code: FindingCode = "port-without-bridge"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step, case .nobody = step.resolution,
            let loose = surroundings.loosePort(step)
        else { return [] }
        let (namespace, port, bridge) = (loose.namespace, loose.port, loose.bridge)
        let peer = port.peer.map { "\($0.device) in \($0.namespace ?? "another namespace")" } ?? "another device"
        return stops(
            at: Finding.Place(namespace: namespace.name, device: port.name),
            "\(port.name) in \(namespace.name), the other end of \(peer), is a port of no bridge and has no address: frames that come in by it go nowhere; \(step.hop) is on \(bridge.name)",
            evidence: [.state("\(port.name) in \(namespace.name) has no master and no address"), step.fact],
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
    func loosePort(_ step: NeighbourStep) -> LoosePort? {
        guard step.holders.isEmpty, !step.hasOutside, step.silences.isEmpty else { return nil }
        let graph = context.graph
        // The sender's own end, then that of whoever has the address.
        for path in graph.segment(out: step.link.name, of: step.namespace.name).paths where !path.isOutside {
            guard let port = graph.device(path.end.device, in: path.end.namespace), isLoose(port, step) else { continue }
            let namespace = graph.namespace(of: port)
            for bridge in namespace.links where bridge.kind == .bridge && reaches(bridge, of: namespace, step.hop) {
                return LoosePort(namespace: namespace, port: graph[port], bridge: bridge)
            }
        }
        for holder in graph.holders(of: step.hop) {
            guard let port = graph.peer(of: holder), isLoose(port, step) else { continue }
            let namespace = graph.namespace(of: port)
            for bridge in namespace.links where bridge.kind == .bridge && isOnLink(bridge, of: namespace, step) {
                return LoosePort(namespace: namespace, port: graph[port], bridge: bridge)
            }
        }
        return nil
    }

    /// Without a master, an address or a route: nobody uses it.
    private func isLoose(_ device: NetworkGraph.Device, _ step: NeighbourStep) -> Bool {
        let (link, namespace) = (context.graph[device], context.graph.namespace(of: device))
        return link.kind.isPair && link.isUp && link.master == nil
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
