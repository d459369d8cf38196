internal import Ruleset
internal import Network
internal import WalkModel

/// A rule rejects the packet: its sender gets an error.
struct RuleReject: Obstacle {
    let code: FindingCode = "rule-reject"
    let traits: ObstacleTraits = .rejects

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard case .reject(let with) = rule.ending.kind else { return nil }
        var finding = base
        let decision = MarkDecision(rule, surroundings)
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) rejects \(rule.subject) with \(with): \(rule.rule.text ?? "")\(rule.reasonWords(decision))\(rule.deadAcceptWords)\(rule.spentAcceptWords)"
        finding.evidence += decision?.facts ?? []
        return finding
    }
}
