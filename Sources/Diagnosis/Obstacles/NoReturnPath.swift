internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The request arrived, and its receiver has no route back to the sender.
struct NoReturnPath: Obstacle {
    let code: FindingCode = "no-return-path"
    let reasons: Set<DropReason> = ["IP_OUTNOROUTES", "IP_INNOROUTES"]
    let traits: ObstacleTraits = .lacksRoute

    /// - Parameters:
    ///   - reply: the packet that finds no route.
    ///   - choice: what routing says of it.
    func candidate(
        _ reply: PacketState, at far: Namespace, _ choice: RouteChoice, _ surroundings: Surroundings
    ) -> Candidate {
        let destination = reply.destination
        let back = surroundings.topology.namespaces.first { $0.holds(destination) }
        let network = back?.links.flatMap(\.addresses).first { $0.contains(destination) }?.network
        // The next hop back is the router that handed the request over.
        let gateway = surroundings.gateways(for: reply, far).first
        return candidate(
            at: Finding.Place(namespace: far.name),
            "the request arrived in \(far.name), but \(far.name) has no route back to \(destination)",
            evidence: [
                Fact(choice.evidence, "no route to \(destination) in \(far.name)"),
                .seen("the request arrived in \(far.name)"),
            ],
            remedy: gateway.map {
                Remedy([
                    .ip(
                        far, destination.family,
                        "route add \(network?.description ?? destination.description) via \($0.address)")
                ])
            })
    }
}
