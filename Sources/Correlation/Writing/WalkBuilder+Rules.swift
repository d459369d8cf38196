internal import WalkModel
import Observations
import Network
internal import Ruleset
import Wire

/// The rules that a packet met, or that the state leaves as the only one for a translation.
extension WalkBuilder {
    /// The rules that a packet met, at the hop of their hook where there is one, else at the link nearest to it; those of
    /// the base chain that ended it are kept for the hop of the drop.
    mutating func addRules() {
        guard let places else { return }
        let events = batch.extra(of: record).rules
        let ending = record.stop >= 0 ? events.last { $0.reference == batch.stops[record.stop].rule } : nil
        for event in events {
            let reference = event.reference
            let base = places.baseChain(of: event)
            if let ending, ending.namespace == event.namespace, ending.isSameBase(event) {
                if !endingRules.contains(reference) { endingRules.append(reference) }
                continue
            }
            guard let hook = event.hook ?? base?.hook,
                let target = hop(of: event, hook, base?.priority.map(NetfilterStage.init(nearest:)))
            else { continue }
            // What the state made of a translation, the kernel has now said itself.
            hops[target].rules.removeAll { $0.verdict == nil && $0.isSameRule(as: reference) }
            if !hops[target].rules.contains(reference) { hops[target].rules.append(reference) }
            if !hops[target].evidence.contains(.rule) { hops[target].evidence.append(.rule) }
        }
    }

    func hop(of event: RuleEvent, _ hook: NetfilterHook, _ stage: NetfilterStage?) -> Int? {
        let here = hops.indices.filter { hops[$0].namespace == event.namespace }
        if ![.bridge, .netdev].contains(event.reference.family) {
            let hooked = here.filter { hops[$0].vantage == .netfilter && hops[$0].hook == hook }
            let exact = hooked.first { hops[$0].stage == stage && hops[$0].edge != .before }
            if let found = exact ?? hooked.last { return found }
        }
        // Frames pass these where a capture sees them; so did a packet whose sighting at the hook was lost.
        let isOut = [.output, .postrouting, .egress].contains(hook)
        let links = here.filter { hops[$0].vantage == .link && hops[$0].direction == (isOut ? .out : .in) }
        return links.first { hops[$0].device == (isOut ? event.outDevice : event.inDevice) } ?? links.last
    }

    /// The rule behind a translation, where the snapshot leaves only one that it can be.
    func translationRules(
        _ changes: [FieldChange], _ place: Place, _ before: Sighting, _ after: Sighting, _ places: Places
    ) -> [RuleReference] {
        let changesSource = changes.contains { $0.field.isOfSource }
        let changesDestination = changes.contains { $0.field.isOfDestination }
        guard changesSource != changesDestination, let namespace = places.namespace(place.namespace),
            places.places[Int(before.vantage)].namespace == place.namespace
        else { return [] }
        let kinds: [TranslationKind] = changesSource ? [.masquerade, .snat] : [.dnat, .redirect]
        let end = changesSource ? RuleField.End.source : .destination
        let address = changesSource ? before.source : before.destination
        let matching = namespace.netfilter.translations.filter { rule in
            rule.translationKinds.contains(where: kinds.contains) && rule.mayMatch(address, at: end)
        }
        // The answers to a translated flow are translated back by no rule.
        guard matching.count == 1, let only = matching.first else { return [] }
        // An entry of conntrack can be older than the rule.
        let given = changesSource ? after.source : after.destination
        let isGiven = given == address || only.actions.contains { $0.mayGive(given) }
        guard isGiven else { return [] }
        if changesDestination, after.destination != before.destination, record.answers != nil { return [] }
        return [only.reference]
    }
}

extension RuleReference {
    /// Whether both name one rule, whatever is said of it.
    fileprivate func isSameRule(as other: RuleReference) -> Bool {
        family == other.family && table == other.table && chain == other.chain && position == other.position
            && handle == other.handle && backend == other.backend
    }
}

extension RuleEvent {
    /// Whether both were met on the path through one base chain.
    fileprivate func isSameBase(_ other: RuleEvent) -> Bool {
        reference.family == other.reference.family && reference.table == other.reference.table
            && (baseChain ?? reference.chain) == (other.baseChain ?? other.reference.chain)
    }
}
