internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A translated destination is on the sender's own link and the source is left as it is, so that the reply does not come
/// back through the translation.
struct HairpinMissing: Obstacle {
    let code: FindingCode = "hairpin-missing"
    let steps: Set<PathStep.Kind> = [.source]
    let reasons: Set<DropReason> = ["IP_LOCAL_SOURCE", "IP_RPFILTER", "NO_SOCKET", "NOT_SPECIFIED"]

    /// The router that translated the destination on the path so far, with its rule.
    static func router(_ surroundings: Surroundings) -> (namespace: Namespace, rule: RuleReference)? {
        guard let translation = surroundings.translations.last(where: { !$0.isSource }),
            let namespace = surroundings.topology[namespace: translation.namespace]
        else { return nil }
        return (namespace, translation.rule)
    }

    /// The packet reached its own sender through somebody's DNAT, without a translated source.
    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .source(let step) = step, step.hasOwnSource, let router = Self.router(surroundings) else {
            return []
        }
        let name = step.namespace.name
        return [
            .candidate(candidate(step.packet, router: router.namespace, rule: router.rule, source: name, target: name))
        ]
    }

    /// - Parameters:
    ///   - packet: as it came to `target`, its destination translated by `router`.
    ///   - source: the namespace that sent it.
    func candidate(
        _ packet: PacketState, router: Namespace, rule: RuleReference?, source: String, target: String
    ) -> Candidate {
        let link = router.links.first { link in link.addresses.contains { $0.contains(packet.destination) } }
        let network = link?.addresses.first { $0.contains(packet.destination) }?.network
        let message =
            source == target
            ? "missing hairpin NAT: \(router.name) sends the packet back to its own sender \(target) with the source \(packet.source) unchanged, and \(target) drops packets from outside that have its own address as their source; the source must be translated too"
            : "missing hairpin NAT: \(router.name) translates the destination to \(packet.destination) but not the source \(packet.source); \(target) on the same link replies to \(source) directly, bypassing the translation, and \(source) does not recognise the reply"
        return candidate(
            at: Finding.Place(namespace: router.name, hook: .postrouting, device: link?.name), message,
            evidence: [
                .state(
                    rule.map { "\($0.name)\($0.text.map { ": \($0)" } ?? "")" }
                        ?? "destination translated in \(router.name)")
            ] + Self.untranslated(packet, router, device: link?.name), rule: rule,
            remedy: Remedy([
                masquerade(packet, from: network?.description ?? packet.source.description, router, as: rule)
            ]))
    }

    /// That no rule of the router translates the source, and why those do not that it has: at most so many of a chain.
    private static let shownMisses = 3

    private static func untranslated(_ packet: PacketState, _ router: Namespace, device: String?) -> [Fact] {
        let families: Set<TableFamily> = [packet.destination.isIPv4 ? "ip" : "ip6", "inet"]
        let chains = router.netfilter.chains.filter {
            $0.kind == .nat && $0.hook == .postrouting && families.contains($0.family)
        }
        if chains.isEmpty {
            return [.state("\(router.name) has no chain of nat at postrouting, so no source is translated")]
        }
        let traversal = HookTraversal(
            site: RuleSite(namespace: router, inDevice: device, outDevice: device), hook: .postrouting,
            families: families)
        return chains.map { chain in
            let name = RuleReference(
                family: chain.family, table: chain.table, chain: chain.name, backend: chain.backend
            )
            .chainName
            let addresses = "\(packet.source) > \(packet.destination)"
            let misses = traversal.lastMisses(of: chain, packet: packet).suffix(shownMisses)
            let reasons = misses.map { "\($0.rule.name) does not match: \($0.because)" }.joined(separator: "; ")
            return .state(
                chain.rules.isEmpty
                    ? "\(name) in \(router.name) has no rules"
                    : "\(name) in \(router.name) has no rule that translates the source of \(addresses)\(reasons.isEmpty ? "" : ": \(reasons)")"
            )
        }
    }

    /// Source translation for what the translated destination's own network sends to it.
    private func masquerade(
        _ packet: PacketState, from source: String, _ router: Namespace, as rule: RuleReference?
    ) -> RemedyAction {
        let isIPv4 = packet.destination.isIPv4
        let port = packet.destinationPort ?? 0
        guard rule?.backend == .nft else {
            let service: CommandWords = packet.hasPorts ? "-p \(packet.ipProtocol) --dport \(port)" : ""
            return .iptables(
                router,
                IptablesChange(
                    isIPv4: isIPv4, isLegacy: rule?.backend == .iptablesLegacy, table: "nat", chain: "POSTROUTING",
                    .last, rule: "-s \(source) -d \(packet.destination) \(words: service) -j MASQUERADE"))
        }
        let chain = router.netfilter.chains.first {
            $0.kind == .nat && $0.hook == .postrouting && $0.backend == .nft
        }
        let family = isIPv4 ? "ip" : "ip6"
        let place: CommandWords =
            chain.map { "\($0.family) \($0.table) \($0.name)" } ?? "\(family) nat postrouting"
        let service: CommandWords = packet.hasPorts ? "\(packet.ipProtocol) dport \(port)" : ""
        return .nft(
            router,
            "add rule \(words: place) \(family) saddr \(source) \(family) daddr \(packet.destination) \(words: service) masquerade"
        )
    }
}
