internal import Ruleset
internal import Network
internal import WalkModel

/// No rule of a base chain accepts the packet, and the chain's policy drops it.
struct PolicyDrop: Obstacle {
    let code: FindingCode = "policy-drop"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard case .policy = rule.ending.kind else { return nil }
        var finding = base
        finding.message =
            "the policy of \(rule.rule.chainName) in \(rule.namespace.name) drops \(rule.subject): no rule accepts it\(rule.spentAcceptWords)"
        return finding
    }
}
