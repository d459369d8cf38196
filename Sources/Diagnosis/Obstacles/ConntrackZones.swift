internal import Network
internal import Ruleset
internal import WalkModel

/// Rules put a request and its reply into different zones of the connection table (`ct zone set`, `CT --zone`), so that
/// the reply is not taken for one: it is not translated back, nor accepted as established.
struct ConntrackZones: Obstacle {
    let code: FindingCode = "conntrack-zones"

    func candidate(
        _ reply: UnrecognisedReply, _ effect: UnrecognisedReply.Effect, request: HookResult.Zoning?,
        reply answer: HookResult.Zoning?
    ) -> Candidate {
        let name = reply.namespace.name
        var rules = [request, answer].compactMap { $0?.rule }
        // One rule with a map may be both.
        if rules.count == 2, rules[0] == rules[1] { rules.removeLast() }
        return candidate(
            at: Finding.Place(namespace: name, hook: reply.hook, device: reply.reply.inDevice),
            "conntrack of \(name) does not recognise \(reply.subject): the request's entry is in \(words(request)), and the reply is looked up in \(words(answer)); so \(effect.words(reply))",
            evidence: rules.map { .state("\($0.name): \($0.text ?? "")") } + effect.facts, rule: rules.first,
            remedy: Remedy(actions(reply, request, answer)))
    }

    /// `zone 1, set by nft ip raw prerouting 1`.
    private func words(_ zoning: HookResult.Zoning?) -> String {
        guard let zoning, let zone = zoning.zone else { return "zone 0 (no rule sets one)" }
        let direction = zone.original == zone.reply ? "" : " for replies"
        return "zone \(zone.reply)\(direction), set by \(zoning.rule.name)"
    }

    /// The zone that tells apart who asks stays; replies are in zone 0 on both sides.
    private func actions(
        _ reply: UnrecognisedReply, _ request: HookResult.Zoning?, _ answer: HookResult.Zoning?
    ) -> [RemedyAction] {
        let sides = [(request, reply.request, false), (answer, reply.reply, true)]
        return sides.compactMap { zoning, entry, isReply in
            guard let zoning, let zone = zoning.zone, zone.reply != 0 else { return nil }
            let number = zone.original
            return AcceptRemedy.exception(
                to: zoning.rule, in: zoning.chain, entry.packet, entry.traversal(reply.namespace),
                port: isReply ? .source : .destination,
                target: ("-j CT --zone-orig \(number)", "ct original zone set \(number)"))
        }
    }
}
