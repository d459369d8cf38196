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
            at: Finding.Place(
                namespace: name, hook: unmet.isSource ? .postrouting : .prerouting, device: unmet.outDevice),
            "\(effect): \(rule.name) exempts the packet from connection tracking (NOTRACK), so no rule of nat is asked, and \(unmet.rule.name) is not met",
            evidence: [
                .state("\(rule.name): \(rule.text ?? "")"), .state("\(unmet.rule.name): \(unmet.rule.text ?? "")"),
            ], rule: rule, remedy: remedy(unmet, by: rule))
    }

    /// The reply is the exempted packet.
    func candidate(
        _ reply: UnrecognisedReply, _ effect: UnrecognisedReply.Effect, by rule: RuleReference
    ) -> Candidate {
        let name = reply.namespace.name
        return candidate(
            at: Finding.Place(namespace: name, hook: reply.hook, device: reply.reply.inDevice),
            "conntrack of \(name) does not see \(reply.subject): \(rule.name) exempts it from connection tracking (NOTRACK); so \(effect.words(reply))",
            evidence: [.state("\(rule.name): \(rule.text ?? "")")] + effect.facts, rule: rule,
            remedy: remedy(reply.namespace, reply.reply, by: rule))
    }

    /// The request is the exempted packet, so that there is no entry by which the reply could be known.
    func candidate(
        _ reply: UnrecognisedReply, _ effect: UnrecognisedReply.Effect, request rule: RuleReference,
        reply other: RuleReference?
    ) -> Candidate {
        let name = reply.namespace.name
        let asked = reply.request.packet
        let rest = other.map { ", and \($0.name) the reply" } ?? ""
        let rules = [rule] + [other].compactMap(\.self)
        let actions =
            (remedy(reply.namespace, reply.request, by: rule)?.actions ?? [])
            + (other.flatMap { remedy(reply.namespace, reply.reply, by: $0)?.actions } ?? [])
        return candidate(
            at: Finding.Place(namespace: name, hook: reply.hook, device: reply.reply.inDevice),
            "conntrack of \(name) has no entry by which it would know \(reply.subject): \(rule.name) exempts the request \(asked.source) > \(asked.destination) from connection tracking (NOTRACK)\(rest); so \(effect.words(reply))",
            evidence: rules.map { .state("\($0.name): \($0.text ?? "")") } + effect.facts, rule: rule,
            remedy: Remedy(ifAny: actions))
    }

    private func remedy(_ namespace: Namespace, _ entry: UnrecognisedReply.Entry, by rule: RuleReference) -> Remedy? {
        guard let chain = namespace.netfilter.chain(of: rule) else { return nil }
        var packet = entry.packet
        packet.connection = nil
        let traversal = entry.traversal(namespace)
        return Remedy(
            AcceptRemedy.actions(
                traversal: traversal, ending: HookResult.Ending(kind: .drop, rule: rule, chain: chain),
                packet: packet))
    }

    /// This flow let past the rule, so that it is tracked. A rule that is met past NOTRACK in the same chain is asked no
    /// more; what else stands there is not known to be needed.
    private func remedy(_ unmet: UnmetTranslation, by rule: RuleReference) -> Remedy? {
        guard let chain = unmet.namespace.netfilter.chain(of: rule) else { return nil }
        let hook: NetfilterHook = unmet.inDevice == nil ? .output : .prerouting
        let site = RuleSite(
            namespace: unmet.namespace, inDevice: unmet.inDevice, outDevice: hook == .output ? unmet.outDevice : nil)
        return Remedy(
            AcceptRemedy.actions(
                traversal: HookTraversal(site: site, hook: hook, families: [rule.family]),
                ending: HookResult.Ending(kind: .drop, rule: rule, chain: chain), packet: unmet.packet))
    }
}

extension Netfilter {
    /// The chain that a rule is in.
    func chain(of rule: RuleReference) -> RuleChain? {
        chains.first {
            $0.family == rule.family && $0.table == rule.table && $0.name == rule.chain
                && $0.backend == rule.backend ?? $0.backend
        }
    }
}
