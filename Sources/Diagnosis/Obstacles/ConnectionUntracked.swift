internal import Network
internal import Ruleset
internal import WalkModel

/// A rule exempts the packet from connection tracking (NOTRACK, `notrack`), and what is not tracked is not translated:
/// the rule of nat that is there for it is not asked.
struct ConnectionUntracked: Obstacle {
    let code: FindingCode = "connection-untracked"
    let traits: ObstacleTraits = [.concernsDatagram, .explainsSilence]

    func candidate(_ unmet: UnmetTranslation, by rule: RuleReference) -> Candidate {
        let name = unmet.namespace.name
        let effect =
            unmet.isSource
            ? "\(unmet.packet.source) leaves \(unmet.outDevice ?? name) untranslated"
            : "\(unmet.packet.destination) is not translated in \(name)"
        return candidate(
            at: Finding.Place(namespace: name, hook: unmet.isSource ? .postrouting : .prerouting, device: unmet.outDevice),
            "\(effect): \(rule.words) exempts the packet from connection tracking (NOTRACK), so no rule of nat is asked, and \(unmet.rule.words) is not met",
            evidence: [
                .state("\(rule.words): \(rule.text ?? "")"), .state("\(unmet.rule.words): \(unmet.rule.text ?? "")"),
            ], rule: rule)
    }
}
