internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A packet with a private source that leaves a router towards public addresses untranslated, and what the router's
/// rules make of it. Nothing can answer such a packet (RFC 1918, RFC 4193).
struct SourceTranslation {
    var router: Namespace
    var packet: PacketState
    var outDevice: String
    /// The router's own network that the source is of, else the source itself.
    var source: String
    /// A rule that would translate it but for one condition.
    var near: HookResult.NearMiss?
    /// A rule that accepts it before one that would translate it is asked, and its chain.
    var accepting: (rule: RuleReference, chain: RuleChain, traversal: HookTraversal)?

    /// Nil where the source needs no translation, or is translated.
    ///
    /// - Parameter towardsPrivate: whether a private destination counts too. Between private networks a packet may keep
    ///   its source; that the reply found no route shows that it may not.
    init?(
        _ packet: PacketState, at router: Namespace, inDevice: String?, outDevice: String, towardsPrivate: Bool = false
    ) {
        guard packet.source.isPrivate, towardsPrivate || !packet.destination.isPrivate,
            !packet.destination.isLoopback,
            !router.holds(packet.source), let link = router[device: outDevice],
            !link.addresses.contains(where: { $0.contains(packet.source) })
        else { return nil }
        var asked = packet
        asked.connection = .new
        let site = RuleSite(namespace: router, inDevice: inDevice, outDevice: outDevice)
        let families: Set<TableFamily> = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
        let result = HookTraversal(site: site, hook: .postrouting, families: families, from: 50).run(asked)
        if let translation = result.translation, case .masquerade = translation.action { return nil }
        self.router = router
        self.packet = packet
        self.outDevice = outDevice
        let network = router.links.flatMap(\.addresses).first { $0.contains(packet.source) && $0.length > 0 }?.network
        source = network?.description ?? packet.source.description
        let traversal = HookTraversal(site: site, hook: .postrouting, families: families, from: 50)
        accepting = Self.accepting(result, asked, traversal)
        near = result.nearMisses.first { Self.isMeant($0, for: packet, router) }
    }

    /// The rule without which the packet would be translated.
    private static func accepting(
        _ result: HookResult, _ packet: PacketState, _ traversal: HookTraversal
    ) -> (rule: RuleReference, chain: RuleChain, traversal: HookTraversal)? {
        for rule in result.accepted.suffix(1) + returning(packet, traversal) {
            guard let chain = traversal.site.namespace.netfilter.chain(of: rule) else { continue }
            var without = traversal
            without.site.namespace.remove(rule)
            switch without.run(packet).translation?.action {
            case .masquerade?, .sourceTranslation?: return (rule, chain, traversal)
            default: continue
            }
        }
        return nil
    }

    /// How many rules are tried: a node of a cluster has thousands, few of which match.
    private static let returningLimit = 8

    /// Rules of NAT that match the packet and send it back from their chain.
    private static func returning(_ packet: PacketState, _ traversal: HookTraversal) -> [RuleReference] {
        let netfilter = traversal.site.namespace.netfilter
        let compiled = netfilter.compiled
        let found = netfilter.chains.lazy.filter { $0.kind == .nat || $0.table == "nat" }
            .filter { $0.hook == nil || $0.hook == .postrouting }
            .compactMap { compiled[CompiledChain.Key($0)] }.flatMap(\.rules)
            .filter { rule in
                rule.actions.contains { if case .return = $0 { true } else { false } }
                    && rule.matches.allSatisfy { $0.evaluate(packet, at: traversal.site) == .holds }
            }
        return found.prefix(returningLimit).map(\.reference)
    }

    /// A rule for another of the router's networks does not nearly match.
    private static func isMeant(_ near: HookResult.NearMiss, for packet: PacketState, _ router: Namespace) -> Bool {
        switch near.action {
        case .masquerade, .sourceTranslation: break
        default: return false
        }
        switch near.match.field {
        case .address(.source, _), .addressType(.source): break
        case .address, .addressType, .transportProtocol, .device(.out, _): return true
        default: return false
        }
        let prefixes = near.compiled.matches.flatMap(\.prefixes)
        return !prefixes.contains { prefix in
            router.links.contains { link in
                link.addresses.contains { $0.network == prefix.network && !$0.contains(packet.source) }
            }
        }
    }

    /// Whether the router itself has only private addresses on the device: then somebody beyond translates, and may know the
    /// way back to the source.
    var leavesPrivately: Bool {
        let own = router[device: outDevice]?.addresses.map(\.address) ?? []
        let ofFamily = own.filter { $0.family == packet.source.family && !$0.isLinkLocal }
        return !ofFamily.isEmpty && ofFamily.allSatisfy(\.isPrivate)
    }

    var place: Finding.Place { Finding.Place(namespace: router.name, hook: .postrouting, device: outDevice) }

    var fact: Fact { .seen("\(packet.source) > \(packet.destination) at \(router.name) \(outDevice) out") }

    /// Source translation for the network, in the backend that the router uses for it.
    var remedy: Remedy {
        if near == nil, let accepting {
            return Remedy([
                AcceptRemedy.exception(
                    to: accepting.rule, in: accepting.chain, packet, accepting.traversal,
                    target: ("-j MASQUERADE", "masquerade"))
            ])
        }
        var remedy = Remedy(Self.actions(for: source, leavingBy: outDevice, of: router, like: near?.rule))
        if near == nil { remedy.owner = OwnerRemedies.sourceTranslation(self) }
        return remedy
    }

    /// Rules that give what comes from a source and leaves by a device the device's own address.
    ///
    /// - Parameter near: a rule in whose firewall and table they are to stand.
    static func actions(
        for source: String, leavingBy outDevice: String, of router: Namespace, like near: RuleReference? = nil
    ) -> [RemedyAction] {
        let isIPv4 = !source.contains(":")
        let backends = router.netfilter.backend
        let nat = router.netfilter.chains.filter { $0.kind == .nat && $0.hook == .postrouting }
        let wanted = near.flatMap { near in
            nat.first { $0.table == near.table && $0.family == near.family && $0.backend == near.backend }
        }
        // A rule among those that a program writes is gone when it writes them again.
        let chain =
            wanted
            ?? nat.first { $0.backend == .nft && !$0.isInOwnedTable && backends.allSatisfy { $0 == .nft } }
        guard (near?.backend ?? chain?.backend) == .nft || near == nil && backends == [.nft] else {
            let isLegacy = near?.backend == .iptablesLegacy || near == nil && backends == [.iptablesLegacy]
            return [
                .iptables(
                    router,
                    IptablesChange(
                        isIPv4: isIPv4, isLegacy: isLegacy, table: "nat", chain: "POSTROUTING", .last,
                        rule: "-s \(source) -o \(outDevice) -j MASQUERADE"))
            ]
        }
        let family = isIPv4 ? "ip" : "ip6"
        let rule: CommandWords = "\(family) saddr \(source) oifname \(outDevice) masquerade"
        guard let chain else {
            return [
                .nft(router, "add table \(family) nat"),
                .nft(
                    router,
                    "\("add chain \(family) nat postrouting { type nat hook postrouting priority srcnat; }")"),
                .nft(router, "add rule \(family) nat postrouting \(words: rule)"),
            ]
        }
        return [.nft(router, "add rule \(chain.family) \(chain.table) \(chain.name) \(words: rule)")]
    }

    /// The finding, under the code that fits.
    var candidate: Candidate {
        near.map { SourceNATMismatch().candidate(self, $0) } ?? NoSourceNAT().candidate(self)
    }
}
