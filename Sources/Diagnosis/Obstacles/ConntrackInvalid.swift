internal import Ruleset
internal import Network
internal import WalkModel

/// A rule drops what conntrack calls invalid: of a connection that it never saw begin, or saw in one direction only.
struct ConntrackInvalid: Obstacle {
    let code: FindingCode = "conntrack-invalid"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard rule.packet.connection == .invalid, rule.text.lowercased().contains("invalid") else { return nil }
        let isUnseen = surroundings.inputs.requestPassed?.contains(rule.namespace.name) == false
        let seen =
            isUnseen
            ? "it replies to a packet that did not pass through \(rule.namespace.name)"
            : "it belongs to no known connection"
        var finding = base
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) drops \(rule.subject) as invalid: \(seen), so conntrack has no entry for it"
        return finding
    }
}
