internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The sender's gateway is a namespace that is no router, while a router is beside it on the same link.
struct WrongGateway: Obstacle {
    let code: FindingCode = "wrong-gateway"
    let steps: Set<PathStep.Kind> = [.forwarding]
    let reasons = ForwardingDisabled.dropReasons
    let traits: ObstacleTraits = .isElsewhere

    struct Choice {
        var sender: Namespace
        var route: RouteChoice
        var gateway: IPAddress
        var better: Surroundings.Gateway
        /// What the better one leads to, where a router on the way chose wrongly.
        var network: IPPrefix?
    }

    /// The sender's choice of gateway where there is a better one; nil else.
    static func choice(at step: ReceiveStep, _ surroundings: Surroundings) -> Choice? {
        senderChoice(at: step, surroundings) ?? routerChoice(at: step, surroundings)
    }

    /// A router on the link sent it here, while another router beside it has a route to where it goes, which is more than a
    /// default route.
    private static func routerChoice(at step: ReceiveStep, _ surroundings: Surroundings) -> Choice? {
        let packet = step.packet
        for path in surroundings.context.graph.segment(out: step.device, of: step.namespace.name).paths
        where !path.isOutside && path.end.namespace != step.namespace.name {
            guard let router = surroundings.topology[namespace: path.end.namespace],
                !router.holds(packet.source), !router.holds(packet.destination),
                surroundings.inputs.forwards(router, nil, packet)
            else { continue }
            let route = surroundings.inputs.route(packet, router, inDevice: nil)
            guard route.device == path.end.device, let gateway = route.gateway, step.namespace.holds(gateway) else {
                continue
            }
            for better in surroundings.gateways(for: packet, router) where better.namespace != step.namespace.name {
                guard let other = surroundings.topology[namespace: better.namespace] else { continue }
                let way = other.lookUpRoute(to: packet.destination, source: packet.source, mark: 0, inDevice: nil)
                let bits = packet.destination.bitWidth
                let known = way.kind == .local ? IPPrefix(packet.destination, length: bits) : way.route?.destination
                guard let known, known.length > 0, known.length > route.route?.destination.length ?? 0 else { continue }
                return Choice(sender: router, route: route, gateway: gateway, better: better, network: known)
            }
        }
        return nil
    }

    private static func senderChoice(at step: ReceiveStep, _ surroundings: Surroundings) -> Choice? {
        let packet = surroundings.origin
        guard let sender = surroundings.topology.namespaces.first(where: { $0.holds(packet.source) }),
            sender.name != step.namespace.name
        else { return nil }
        let route = surroundings.inputs.route(packet, sender, inDevice: nil)
        guard let gateway = route.gateway, step.namespace.holds(gateway),
            let better = surroundings.gateways(for: packet, sender).first(where: {
                $0.namespace != step.namespace.name
            })
        else { return nil }
        return Choice(sender: sender, route: route, gateway: gateway, better: better)
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .forwarding(let step) = step, step.forwardingSetting?.isOn == false,
            let choice = Self.choice(at: step, surroundings)
        else { return [] }
        let (sender, name) = (choice.sender.name, step.namespace.name)
        if let network = choice.network { return led(choice, step, to: network) }
        let destination = surroundings.origin.destination
        return stops(
            at: Finding.Place(namespace: sender, device: choice.route.device),
            "\(sender) uses gateway \(choice.gateway) (\(name)) for \(destination), where IP forwarding is disabled; \(choice.better.address) (\(choice.better.namespace)) is a router",
            evidence: [
                Fact(choice.route.evidence, "\(choice.route.text) in \(sender)"),
                .state("\(choice.gateway) is an address of \(name), where IP forwarding is disabled"),
            ],
            remedy: Remedy([
                .ip(
                    choice.sender, destination.family,
                    "route replace \(choice.route.route?.destinationText ?? "default") via \(choice.better.address)"
                )
            ]))
    }

    private func led(_ choice: Choice, _ step: ReceiveStep, to network: IPPrefix) -> [Judgement] {
        let (router, name, destination) = (choice.sender.name, step.namespace.name, step.packet.destination)
        let better = choice.better
        return stops(
            at: Finding.Place(namespace: router, device: choice.route.device),
            "\(router) has no route of its own to \(destination) and sends it to \(choice.gateway) (\(name)) by \(choice.route.text), where IP forwarding is disabled; \(better.address) (\(better.namespace)) leads to \(network.network)",
            evidence: [
                Fact(choice.route.evidence, "\(choice.route.text) in \(router)"),
                .state("\(choice.gateway) is an address of \(name), where IP forwarding is disabled"),
            ],
            remedy: Remedy([
                .ip(choice.sender, destination.family, "route add \(network.network) via \(better.address)")
            ]))
    }
}
