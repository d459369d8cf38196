internal import Ruleset
internal import Network
internal import WalkModel

/// A rule drops the packet, and nothing more is known of what the rule is there for.
struct RuleDrop: Obstacle {
    let code: FindingCode = "rule-drop"
    let steps: Set<PathStep.Kind> = [.hook]

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard case .drop = rule.ending.kind else { return nil }
        var finding = base
        let decision = MarkDecision(rule, surroundings)
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) drops \(rule.subject): \(rule.rule.text ?? "")\(rule.reasonWords(decision))\(rule.deadAcceptWords)\(rule.spentAcceptWords)"
        finding.evidence += decision?.facts ?? []
        return finding
    }

    /// The rules of a hook that end the packet, each under the code that names it best; a check where none does.
    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .hook(let hook) = step else { return [] }
        let candidates = hook.candidates(surroundings)
        if !candidates.isEmpty { return candidates.map(Judgement.candidate) }
        if hook.traversal.baseChains().isEmpty { return [] }
        let place = "\(hook.traversal.hook.rawValue) of \(hook.traversal.site.namespace.name)"
        if hook.result.doubts.isEmpty { return [.passed("no rule in \(place) drops it")] }
        return [
            .unknown(
                "a rule in \(place) may drop it (undetermined: \(hook.result.doubts.prefix(2).joined(separator: "; ")))"
            )
        ]
    }
}
