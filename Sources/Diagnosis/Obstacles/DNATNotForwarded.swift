internal import Ruleset
internal import Network
internal import WalkModel

/// The destination was translated to a published service, and a rule of `forward` drops the packet then.
struct DNATNotForwarded: Obstacle {
    let code: FindingCode = "dnat-not-forwarded"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        // A reply's destination is translated back from what SNAT or MASQUERADE made: no DNAT rule is in it.
        guard rule.traversal.hook == .forward, rule.packet.isDestinationTranslated == true, !rule.packet.isReply
        else { return nil }
        let name = rule.namespace.name
        let translation = surroundings.translations.last { $0.namespace == name && !$0.isSource }?.rule
        var finding = base
        finding.message =
            "\(translation?.name ?? "a DNAT rule") translates the destination to \(rule.packet.destination), but \(rule.rule.name) in \(name) \(rule.verb) the forwarded packet"
        finding.evidence.append(
            .state(translation.map { "\($0.name): \($0.text ?? "")" } ?? "translated destination"))
        return finding
    }
}
