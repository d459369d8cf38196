internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel

/// A router takes one off the TTL (hop limit) and drops the packet at zero.
struct TTLExpired: Obstacle {
    let code: FindingCode = "ttl-expired"
    let steps: Set<PathStep.Kind> = [.router]
    let reasons: Set<DropReason> = ["IP_INHDR", "IP_TTL_EXPIRED", "NOT_SPECIFIED"]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .router(let step) = step, let ttl = step.packet.ttl else { return [] }
        let name = step.namespace.name
        if ttl > 1 { return [.passed("TTL: \(ttl) at \(name)")] }
        return stops(
            at: Finding.Place(namespace: name, device: step.device),
            "TTL expired in transit at \(name), where the packet arrived on \(step.device) with TTL \(ttl): initial TTL too low, or a routing loop",
            evidence: [.seen("TTL \(ttl) at \(name) \(step.device) in")]
                + surroundings.errors(ofTypes: [11, 3]))
    }
}
