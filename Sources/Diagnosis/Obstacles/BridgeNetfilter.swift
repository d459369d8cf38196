internal import Ruleset
internal import Network
internal import WalkModel

/// An IP rule drops a frame that is only bridged, since br_netfilter hands it to the IP hooks.
struct BridgeNetfilter: Obstacle {
    let code: FindingCode = "bridge-netfilter"

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard rule.site.physicalOutDevice != nil, ["ip", "ip6", "inet"].contains(rule.rule.family),
            !rule.isMeantForBridged
        else { return nil }
        let key = BridgeStep.netfilterKey(rule.packet)
        var finding = base
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) \(rule.verb) \(rule.subject) although \(rule.site.inDevice ?? "the bridge") only bridges it: with \(key) = 1, bridged packets traverse the IP rules"
        finding.evidence.append(.state("\(key) = 1 in \(rule.namespace.name)"))
        return finding
    }
}

extension RuleEnding {
    /// Whether it was made for what a bridge hands on: it asks for a bridge's port, or so does a jump to it, or it is a
    /// network policy, which is there for such packets too.
    fileprivate var isMeantForBridged: Bool {
        let asks = ([rule] + ending.path).contains { reference in
            namespace.netfilter.compiled.rule(reference)?.matches.contains { $0.field.isOfBridge } ?? false
        }
        return asks || [.kubeRouter, .calico, .cilium].contains(rule.owner)
    }
}

extension RuleField {
    fileprivate var isOfBridge: Bool {
        switch self {
        case .bridgePort, .isBridged: true
        default: false
        }
    }
}
