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
    }

    /// The sender's choice of gateway where there is a better one; nil else.
    static func choice(at step: ReceiveStep, _ surroundings: Surroundings) -> Choice? {
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
}
