internal import Ruleset
internal import Wire
internal import Network
internal import WalkModel

/// kube-proxy rejects what is sent to a Service that no ready pod serves.
struct ServiceWithoutEndpoints: Obstacle {
    let code: FindingCode = "service-without-endpoints"
    let traits: ObstacleTraits = .rejects

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard let name = service(rule) else { return nil }
        var finding = base
        finding.message =
            "the Service \(name) (\(rule.packet.destination)) has no endpoints: kube-proxy in \(rule.namespace.name) rejects packets to it"
        finding.remedy = nil
        return finding
    }

    /// The service of kube-proxy's REJECT: named in the rule's comment by its iptables mode, in the comment of an element
    /// of the map that leads to its `reject-chain` by its nftables mode. Nil for any other rule.
    private func service(_ rule: RuleEnding) -> String? {
        guard case .reject = rule.ending.kind else { return nil }
        if rule.text.contains("has no endpoints") {
            let words = rule.text.split { $0 == " " || $0 == "\"" }
            let position = words.indices.first { words[$0...].prefix(3).elementsEqual(["has", "no", "endpoints"]) }
            return position.flatMap { $0 > 0 ? String(words[$0 - 1]) : nil } ?? "the service"
        }
        guard rule.rule.table == "kube-proxy",
            rule.ending.path.contains(where: { ($0.text ?? "").contains("@no-endpoint-") })
        else { return nil }
        for (key, set) in rule.namespace.netfilter.compiled.sets
        where key.table == "kube-proxy" && key.name.hasPrefix("no-endpoint-") {
            for element in set.elements {
                guard case .tuple(let parts) = element.value, parts.first?.truth(rule.packet.destination) == .holds,
                    let port = rule.packet.destinationPort, parts.last?.truth(port) == .holds
                else { continue }
                if let name = element.comment { return name }
            }
        }
        return "the service"
    }
}
