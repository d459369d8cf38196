internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

extension BridgePortBlocked {
    /// The question for a next hop that nobody who can be seen has comes in by a locked port all the same, and goes no
    /// further.
    func lockedOut(_ step: NeighbourStep, _ surroundings: Surroundings) -> [Judgement] {
        guard step.isUnanswered, case .nobody = step.resolution, let mac = step.link.mac else { return [] }
        var question = step.packet
        (question.macSource, question.macDestination) = (mac, nil)
        for path in surroundings.context.graph.segment(out: step.link.name, of: step.namespace.name).paths {
            guard case .bridge(let name, let bridge, let entry?, let exit)? = path.steps.first(where: \.isBridge),
                let namespace = surroundings.topology[namespace: name], let link = namespace[device: bridge]
            else { continue }
            let passage = BridgeStep(
                namespace: namespace, bridge: link, entry: namespace[device: entry],
                exit: exit.flatMap { namespace[device: $0] }, packet: question, solicited: step.hop)
            guard case .candidate(var found)? = unknownAddress(passage) else { continue }
            found.finding.message += "; so the \(step.protocolName) request for \(step.hop) goes no further"
            return [.candidate(found.with([.stopsNeighbourDiscovery, .isElsewhere]))]
        }
        return []
    }
}

extension LayerTwoPath.Step {
    fileprivate var isBridge: Bool { if case .bridge = self { true } else { false } }
}
