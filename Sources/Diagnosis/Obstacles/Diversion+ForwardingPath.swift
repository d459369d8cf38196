internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

extension Diversion {
    /// That of a packet on its forwarding path; nil where it is still for its first destination.
    ///
    /// - Parameter packet: as it is in `namespace`.
    init?(of packet: PacketState, in namespace: Namespace, by device: String?, _ surroundings: Surroundings) {
        let sent = surroundings.origin
        guard sent.source.family == packet.destination.family, surroundings.inputs.requestPassed == nil,
            sent.destination != packet.destination || sent.destinationPort != packet.destinationPort
        else { return nil }
        self.namespace = namespace
        hook = device == nil ? .output : .prerouting
        self.packet = sent
        result = packet
        rule =
            surroundings.translations.last { !$0.isSource && $0.namespace == namespace.name }?.rule
            ?? Self.traced(namespace, surroundings.context) ?? Self.configured(sent, packet, namespace, device)
            ?? Self.writing(sent, packet, namespace, surroundings.context)
        affinity = rule.flatMap { Self.affinity(to: $0, sent, namespace, device) }
        // It may have come translated: that is for whoever did it.
        if rule == nil, namespace.publications.isEmpty || packet.isDestinationTranslated == false { return nil }
    }

    /// The rule that leads to the chain of `rule` because of what a list remembers.
    private static func affinity(
        to rule: RuleReference, _ sent: PacketState, _ namespace: Namespace, _ device: String?
    ) -> (RuleReference, String)? {
        let site = RuleSite(namespace: namespace, inDevice: device)
        for chain in namespace.netfilter.compiled.chains
        where chain.key.family == rule.family && chain.key.table == rule.table {
            for candidate in chain.rules where candidate.actions.contains(.jump(rule.chain)) {
                guard let match = candidate.matches.first(where: { affinity($0) != nil }), let list = affinity(match),
                    match.evaluate(sent, at: site) != .fails
                else { continue }
                return (candidate.reference, list)
            }
        }
        return nil
    }

    private static func affinity(_ match: Match) -> String? {
        guard case .recent(let list) = match.field, list.operation == .rcheck || list.operation == .update else {
            return nil
        }
        return list.name
    }

    private static func traced(_ namespace: Namespace, _ context: DiagnosisContext) -> RuleReference? {
        let ruleset = namespace.netfilter.compiled
        return context.rules.last { event in
            event.namespace == namespace.name
                && ruleset.rule(event.reference)?.translationKinds.contains { $0 == .dnat || $0 == .redirect } == true
        }?.reference
    }

    private static func configured(
        _ sent: PacketState, _ packet: PacketState, _ namespace: Namespace, _ device: String?
    ) -> RuleReference? {
        var asked = sent
        asked.connection = .new
        let families: Set<TableFamily> = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
        for hook in [NetfilterHook.prerouting, .output] {
            let site = RuleSite(namespace: namespace, inDevice: hook == .prerouting ? device : nil)
            if let found = HookTraversal(site: site, hook: hook, families: families).run(asked).translation {
                return leads(found.action, to: packet.destination) ? found.rule : nil
            }
        }
        return nil
    }

    /// The rule that wrote another destination into the packet itself, which is no translation (`ip daddr set`): that of
    /// the trace, or the only one where nothing translates destinations.
    private static func writing(
        _ sent: PacketState, _ packet: PacketState, _ namespace: Namespace, _ context: DiagnosisContext
    ) -> RuleReference? {
        guard sent.destination != packet.destination else { return nil }
        let netfilter = namespace.netfilter
        let rules = netfilter.compiled.chains.flatMap(\.rules).filter { rule in
            rule.actions.contains { action in
                if case .write(.address(.destination, _), _) = action { true } else { false }
            }
        }
        let traced = context.rules.last { event in
            event.namespace == namespace.name && rules.contains { $0.reference == event.reference }
        }
        if let traced { return traced.reference }
        let isTranslating = netfilter.nat.contains { [.dnat, .redirect, "netmap"].contains($0.kind) }
        return rules.count == 1 && !isTranslating ? rules[0].reference : nil
    }

    private static func leads(_ action: RuleAction, to destination: IPAddress) -> Bool {
        switch action.translation?.addresses {
        case .addresses(let range)?: range.contains(destination)
        case .prefix(let prefix)?: prefix.contains(destination)
        default: true
        }
    }
}
