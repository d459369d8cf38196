internal import Wire
internal import Network
internal import Ruleset
internal import WalkModel

/// The next hop of a route answers no ARP or neighbour discovery.
struct GatewayUnreachable: Obstacle {
    let code: FindingCode = "gateway-unreachable"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = .isSymptom

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step, case .nobody = step.resolution, let gateway = step.choice.gateway,
            step.silences.isEmpty, step.deadEnd == nil, ProxiedGateway(step, surroundings) == nil,
            surroundings.loosePort(step) == nil
        else { return [] }
        let (namespace, choice) = (step.namespace, step.choice)
        let better = surroundings.gateways(for: step.packet, namespace).first
        let table = choice.table.map { $0 == 254 ? "" : "table \($0)" } ?? CommandWords()
        return stops(
            at: Finding.Place(namespace: namespace.name, device: step.link.name),
            "no \(step.protocolName) reply from the gateway \(gateway) of \(namespace.name) on \(step.link.name): \(step.whereabouts(surroundings.context.graph))",
            evidence: [step.fact, Fact(choice.evidence, choice.text)],
            remedy: better.map {
                Remedy([
                    .ip(
                        namespace, step.packet.destination.family,
                        "route replace \(choice.route?.destinationText ?? "default") via \($0.address) \(words: table)"
                    )
                ])
            }, isCertain: !step.hasOutside)
    }
}
