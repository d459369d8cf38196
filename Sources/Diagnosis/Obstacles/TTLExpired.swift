internal import Ruleset
internal import Network
internal import WalkModel

/// A router takes one off the TTL (hop limit) and drops the packet at zero.
struct TTLExpired: Obstacle {
    let code: FindingCode = "ttl-expired"
    let steps: Set<PathStep.Kind> = [.router]
    let reasons: Set = ["IP_INHDR", "IP_TTL_EXPIRED", "NOT_SPECIFIED"]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .router(let step) = step, let ttl = step.packet.ttl else { return [] }
        let name = step.namespace.name
        if ttl > 1 { return [.passed("TTL: \(ttl) at \(name)")] }
        return [
            .candidate(
                candidate(
                    at: Finding.Place(namespace: name, device: step.device),
                    "the packet came to \(name) by \(step.device) with TTL \(ttl): a router takes one off and drops what is then at zero; it needs a greater TTL, if it does not go round in circles",
                    evidence: [.seen("TTL \(ttl) at \(name) \(step.device) in")]
                        + surroundings.errors(ofTypes: [11, 3])))
        ]
    }
}
