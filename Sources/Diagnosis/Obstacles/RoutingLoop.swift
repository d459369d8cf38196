internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Namespaces that send a packet to each other in a circle, until its TTL is used up, or one of them takes it for a packet
/// with a forged source since it had translated it.
struct RoutingLoop: Obstacle {
    let code: FindingCode = "routing-loop"
    let traits: ObstacleTraits = .isElsewhere

    /// - Parameters:
    ///   - circle: the namespaces in the order in which the packet comes to them, the first one once.
    ///   - isHeld: whether anybody is seen to have the destination.
    func candidate(_ circle: [ForwardPath.Router], holder: String?, end: Candidate?, isSeen: Bool) -> Candidate {
        let (first, destination) = (circle[0], circle[0].packet.destination)
        let names = circle.map(\.namespace) + [first.namespace]
        let routes = circle.map { "\($0.namespace): \($0.choice.text)" }
        let held = holder.map { "it is configured in \($0)" } ?? "nobody that can be seen has it"
        let back = first.inDevice.map { ", and it comes back to \(first.namespace) by \($0)" } ?? ""
        return candidate(
            at: Finding.Place(namespace: first.namespace, device: first.choice.device),
            "routing loop: \(first.namespace) sends the packet to \(destination) by \(first.choice.text)\(back) (\(names.joined(separator: " > "))); \(held)",
            evidence: [
                isSeen ? .seen("the packet came to \(first.namespace) again") : .state("the routes lead in a circle")
            ]
                + zip(circle, routes).map { Fact($0.choice.evidence, "route to \(destination) in \($1)") }
                + (end.map { [.state("what ended it: \($0.finding.message)")] } ?? []),
            reasons: [])
    }
}
