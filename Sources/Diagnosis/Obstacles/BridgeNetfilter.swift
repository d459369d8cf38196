internal import Ruleset
internal import Network
internal import WalkModel

/// An IP rule drops a frame that is only bridged, since br_netfilter hands it to the IP hooks.
struct BridgeNetfilter: Obstacle {
    let code: FindingCode = "bridge-netfilter"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard rule.site.physicalOutDevice != nil, ["ip", "ip6", "inet"].contains(rule.rule.family) else { return nil }
        let key = BridgeStep.netfilterKey(rule.packet)
        var finding = base
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) drops \(rule.subject) although \(rule.site.inDevice ?? "the bridge") only bridges it: with \(key) = 1, bridged packets traverse the IP rules"
        finding.evidence.append(.state("\(key) = 1 in \(rule.namespace.name)"))
        return finding
    }
}
