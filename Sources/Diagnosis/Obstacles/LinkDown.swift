internal import Observations
internal import Ruleset
internal import Wire
internal import Network
internal import WalkModel

/// A device on the path is down, or has no carrier because its other end is: the one that is down is named.
struct LinkDown: Obstacle {
    let code: FindingCode = "link-down"
    let steps: Set<PathStep.Kind> = [.route, .device, .wire, .bridge, .tunnel]
    let reasons: Set<DropReason> = ["DEV_READY", "NOT_SPECIFIED", "NEIGH_FAILED", "NEIGH_QUEUEFULL"]
    let traits: ObstacleTraits = .stopsEveryFrame

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .route(let step): withoutRoute(step, surroundings)
        case .device(let step): [sending(step, surroundings)]
        case .wire(let step) where !step.farLink.isUp:
            down(step.farLink, step.far, why: "it is the peer of \(step.nearLink.name) in \(step.near.name)")
        case .bridge(let step): bridged(step)
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

    private func bridged(_ step: BridgeStep) -> [Judgement] {
        switch step.blockage {
        case .bridgeDown: down(step.bridge, step.namespace, why: "its ports forward nothing")
        case .portDown(let port): down(port, step.namespace, why: "it is a port of \(step.bridge.name)")
        default: []
        }
    }
}

extension RouteStep {
    /// Where there is no route: the device that is down and had it.
    var downLink: Link? {
        guard choice.kind == nil else { return nil }
        let links = namespace.links.filter { !$0.isLoopback }
        let down = links.filter { !$0.isUp }
        let covering = down.first { $0.addresses.contains { $0.length > 0 && $0.contains(packet.destination) } }
        return covering ?? (down.count == 1 && down.count == links.count ? down.first : nil)
    }
}
