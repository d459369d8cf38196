internal import Observations
internal import Ruleset
internal import Wire
internal import Network
internal import WalkModel

/// A device on the path is down, or has no carrier because its other end is: the one that is down is named.
struct LinkDown: Obstacle {
    let code: FindingCode = "link-down"
    let steps: Set<PathStep.Kind> = [.route, .device, .wire, .bridge, .tunnel, .neighbour]
    let reasons: Set<DropReason> = [
        "DEV_READY", "NOT_SPECIFIED", "NEIGH_FAILED", "NEIGH_QUEUEFULL", "BRIDGE_INGRESS_STP_STATE",
    ]
    let traits: ObstacleTraits = .stopsEveryFrame

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .route(let step): withoutRoute(step, surroundings)
        case .device(let step): [sending(step, surroundings)]
        case .wire(let step) where !step.farLink.isUp:
            down(step.farLink, step.far, why: "it is the peer of \(step.nearLink.name) in \(step.near.name)")
        case .bridge(let step): bridged(step)
        case .neighbour(let step): unread(step, surroundings)
        case .tunnel(let step):
            if case .otherEndDown = step.fault {
                down(step.farLink, step.far, why: "it is the far end of the tunnel")
            } else {
                []
            }
        default: []
        }
    }

    private func down(_ link: Link, _ namespace: Namespace, why: String) -> [Judgement] {
        [.candidate(candidate(link, namespace, why: why))]
    }

    private func candidate(_ link: Link, _ namespace: Namespace, why: String) -> Candidate {
        candidate(
            at: Finding.Place(namespace: namespace.name, device: link.name),
            "\(link.name) in \(namespace.name) is down: \(why)",
            evidence: [.state("\(link.name) in \(namespace.name) is not up (\(link.state))")],
            remedy: Remedy([.ip(namespace, "link set \(link.name) up")]))
    }

    /// Routes go when their device goes down: then the device is the cause.
    private func withoutRoute(_ step: RouteStep, _ surroundings: Surroundings) -> [Judgement] {
        if let link = step.linkWithoutCarrier {
            let sending = sending(DeviceStep(namespace: step.namespace, link: link), surroundings)
            guard case .candidate(var found) = sending else { return [] }
            found.finding.evidence.append(
                .state(
                    "\(step.namespace.name) ignores its routes by \(link.name) meanwhile (ignore_routes_with_linkdown)")
            )
            return [.candidate(found)]
        }
        guard let link = step.downLink else { return [] }
        let namespace = step.namespace
        let destination = step.packet.destination
        var down = candidate(
            link, namespace, why: "\(namespace.name) has no route to \(destination) while \(link.name) is down")
        // The route by a gateway went with the device and does not come back by itself.
        let isOnLink = link.addresses.contains { $0.contains(destination) }
        if !isOnLink, let gateway = surroundings.gateways(for: step.packet, namespace, including: link.name).first {
            down.finding.remedy?.actions.append(
                .ip(namespace, destination.family, "route add default via \(gateway.address)"))
        }
        return [.candidate(down)]
    }

    private func sending(_ step: DeviceStep, _ surroundings: Surroundings) -> Judgement {
        let (link, namespace) = (step.link, step.namespace)
        guard step.isBlocked else { return .passed("\(link.name) in \(namespace.name) is up") }
        if !link.isUp { return .candidate(candidate(link, namespace, why: "nothing can be sent through it")) }
        if let below = below(link, namespace, surroundings.context.graph) { return .candidate(below) }
        if let peer = link.peer, let name = peer.namespace, let other = surroundings.topology[namespace: name],
            let end = other[device: peer.device], !end.isUp
        {
            return .candidate(
                candidate(
                    end, other,
                    why: "it is the peer of \(link.name) in \(namespace.name), which has no carrier"))
        }
        let why =
            link.kind == .tun
            ? "no program has it open (a tun or tap device carries packets only to one)"
            : "its peer is down or not connected"
        // A device without carrier has the queue noop, which drops (dev_deactivate).
        return .candidate(
            candidate(
                at: Finding.Place(namespace: namespace.name, device: link.name),
                "\(link.name) in \(namespace.name) has no carrier: \(why)",
                evidence: [.state("\(link.name) in \(namespace.name) is \(link.state)")],
                reasons: ["QDISC_DROP", "DEV_READY", "NOT_SPECIFIED"]))
    }

    /// Nobody on the link has the next hop's address, and the link leads on by a tap device alone that no program has open. That
    /// somebody behind it had the address is not known.
    private func unread(_ step: NeighbourStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .nobody = step.resolution, step.holders.isEmpty, step.silences.isEmpty, let end = step.deadEnd,
            let link = surroundings.topology.link(at: end), link.kind == .tun
        else { return [] }
        return stops(
            at: Finding.Place(namespace: end.namespace, device: end.device),
            "nobody seen on the link of \(step.link.name) in \(step.namespace.name) has \(step.hop), and the link leads on by \(end.device) in \(end.namespace) alone, which has no carrier: no program has it open, as the one of a virtual machine or VPN that runs would",
            evidence: [.state("\(end.device) in \(end.namespace) is \(link.state)"), step.fact],
            isCertain: false, reasons: NeighborUnresolved.dropReasons)
    }

    /// A device on top of others (macvlan, VLAN) has a carrier while the lowest of them does.
    private func below(_ link: Link, _ namespace: Namespace, _ graph: NetworkGraph) -> Candidate? {
        var device = graph.device(link.name, in: namespace.name)
        for _ in 0..<8 {
            guard let lower = device.flatMap({ graph.lower(of: $0) }) else { return nil }
            let (below, owner) = (graph[lower], graph.namespace(of: lower))
            let top = "\(link.name) in \(namespace.name)"
            if !below.isUp {
                return candidate(below, owner, why: "\(top) is on top of it, and has no carrier therefore")
            }
            if let peer = graph.peer(of: lower), !graph[peer].isUp {
                return candidate(
                    graph[peer], graph.namespace(of: peer),
                    why: "it is the peer of \(below.name) in \(owner.name), on top of which is \(top)")
            }
            device = lower
        }
        return nil
    }

    private func bridged(_ step: BridgeStep) -> [Judgement] {
        switch step.blockage {
        case .bridgeDown: down(step.bridge, step.namespace, why: "its ports forward nothing")
        case .portDown(let port): down(port, step.namespace, why: "it is a port of \(step.bridge.name)")
        default: []
        }
    }
}

extension RouteStep {
    /// Where no route is taken: the device that has one and no carrier (`ignore_routes_with_linkdown`).
    var linkWithoutCarrier: Link? {
        guard choice.kind == nil else { return nil }
        let route = namespace.routes.first { route in
            guard route.flags?.contains(.linkDown) == true, route.table != .local else { return false }
            return route.kind == .unicast && route.destination.contains(packet.destination)
        }
        let link = route?.device.flatMap { namespace[device: $0] }
        return link.flatMap { $0.isUp && !$0.hasCarrier ? $0 : nil }
    }

    /// Where there is no route: the device that is down and had it.
    var downLink: Link? {
        guard choice.kind == nil else { return nil }
        let links = namespace.links.filter { !$0.isLoopback && !$0.isUnusedTunnel }
        let down = links.filter { !$0.isUp }
        let covering = down.first { $0.addresses.contains { $0.length > 0 && $0.contains(packet.destination) } }
        return covering ?? (down.count == 1 && down.count == links.count ? down.first : nil)
    }
}
