internal import Ruleset
internal import Wire
internal import Network
internal import WalkModel

/// kube-proxy rejects what is sent to a Service that no ready pod serves.
struct ServiceWithoutEndpoints: Obstacle {
    let code: FindingCode = "service-without-endpoints"
    let traits: ObstacleTraits = .rejects

    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        if let finding = local(rule, base, surroundings) { return finding }
        guard let name = service(rule) else { return nil }
        var finding = base
        finding.message =
            "the Service \(name) (\(rule.packet.destination)) has no endpoints: kube-proxy in \(rule.namespace.name) rejects packets to it"
        finding.remedy = nil
        return finding
    }

    /// A service with endpoints, none of them on this node, where it sends to its own node only
    /// (externalTrafficPolicy or internalTrafficPolicy Local): kube-proxy drops what is sent to it here, with a rule of
    /// its own or by a mark.
    private func local(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard case .drop = rule.ending.kind else { return nil }
        let decision = MarkDecision(rule, surroundings)
        let decider = rule.text.contains(Self.noLocal) ? rule.rule : decision?.decider
        guard let decider, let text = decider.text, text.contains(Self.noLocal) || rule.text.contains(Self.noLocal)
        else { return nil }
        let name = Self.subject(of: text, before: Self.noLocal)
        var finding = base
        finding.message =
            "the Service \(name) has no local endpoints in \(rule.namespace.name): its traffic policy is Local, so kube-proxy drops \(rule.subject) here (\(decider.name)\(decider == rule.rule ? "" : " marks it, \(rule.rule.name) drops what is marked")); use a node with an endpoint, or the policy Cluster"
        if decider != rule.rule { finding.evidence.append(.state("\(decider.name): \(text)")) }
        finding.remedy = nil
        return finding
    }

    private static let noLocal = "has no local endpoints"

    /// The word before a phrase in a rule's comment: `default/web:http`.
    private static func subject(of text: String, before phrase: String) -> String {
        let words = text.split { $0 == " " || $0 == "\"" }
        let wanted = phrase.split(separator: " ")
        let position = words.indices.first { words[$0...].prefix(wanted.count).elementsEqual(wanted) }
        let word = position.flatMap { $0 > 0 ? String(words[$0 - 1]) : nil } ?? "the service"
        return word.hasSuffix(":") ? String(word.dropLast()) : word
    }

    /// The service of kube-proxy's REJECT: named in the rule's comment by its iptables mode, in the comment of an element
    /// of the map that leads to its `reject-chain` by its nftables mode. Nil for any other rule.
    private func service(_ rule: RuleEnding) -> String? {
        guard case .reject = rule.ending.kind else { return nil }
        if rule.text.contains("has no endpoints") {
            return Self.subject(of: rule.text, before: "has no endpoints")
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
