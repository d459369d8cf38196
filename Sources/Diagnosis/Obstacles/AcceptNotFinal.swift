internal import Ruleset
internal import Network
internal import WalkModel

/// A rule accepted the packet, but an accept ends only its own base chain, and another at the same hook drops it.
struct AcceptNotFinal: Obstacle {
    let code: FindingCode = "accept-not-final"
    let traits: ObstacleTraits = .namesAccept

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard let accepted = rule.ending.accepted.last else { return nil }
        var finding = base
        finding.message =
            "\(accepted.name) accepts \(rule.subject), but an accept ends only its own base chain: \(rule.rule.name) at the same hook in \(rule.namespace.name) then drops it"
        finding.evidence.append(.state("accepted earlier by \(accepted.name): \(accepted.text ?? "")"))
        return finding
    }
}
