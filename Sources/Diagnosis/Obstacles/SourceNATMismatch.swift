internal import Ruleset
internal import Network
internal import WalkModel

/// A rule would translate the private source, but for one condition that does not hold.
struct SourceNATMismatch: Obstacle {
    let code: FindingCode = "source-nat-mismatch"
    let traits: ObstacleTraits = .concernsDatagram

    func candidate(_ missing: SourceTranslation, _ near: HookResult.NearMiss) -> Candidate {
        candidate(
            at: missing.place,
            "\(missing.packet.source) leaves \(missing.outDevice) untranslated: \(near.rule.name) would translate it, but \(near.condition) does not match: \(near.because)",
            evidence: [missing.fact, .state("\(near.rule.name): \(near.rule.text ?? "")")], rule: near.rule,
            unmatched: [Finding.Miss(rule: near.rule, because: near.because)], remedy: missing.remedy)
    }
}
