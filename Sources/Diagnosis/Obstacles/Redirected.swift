internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A filter of tc (mirred), or a rule at a device's own hook (nft `fwd`), hands the packet to another device than the one
/// by which it would go on: that one sends it, whatever its destination.
struct Redirected: Obstacle {
    let code: FindingCode = "redirected"
    let steps: Set<PathStep.Kind> = [.programs]
    let traits: ObstacleTraits = [.stopsEveryFrame, .stopsAfterArrival]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .programs(let step) = step else { return [] }
        return step.programs.compactMap { program in
            guard let target = step.namespace.redirectTarget(of: program), target.isUp else { return nil }
            // An ifb gives back what it was handed, once its queue has let it out.
            if target.kind == .ifb { return nil }
            return .candidate(candidate(program, to: target.name, at: step))
        }
    }

    /// - Parameter isSeen: whether the packet was seen to go out by the other device; else the filter may not have matched it.
    func candidate(_ program: String, to target: String, at step: ProgramStep, isSeen: Bool = false) -> Candidate {
        let (name, device) = (step.namespace.name, step.link.name)
        let what = step.isIngress ? "comes in by" : "would leave by"
        return candidate(
            at: step.place,
            "a filter (\(program)) of \(device) in \(name) hands what \(what) \(device) to \(target), which sends it whatever its destination",
            evidence: [step.fact(program)], remedy: Remedy([step.removal]), isCertain: isSeen)
    }

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard case .forward(let target) = rule.ending.kind else { return nil }
        var finding = base
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) hands \(rule.subject) to \(target ?? "another device"), which sends it whatever its destination: \(rule.rule.text ?? "")"
        return finding
    }
}
