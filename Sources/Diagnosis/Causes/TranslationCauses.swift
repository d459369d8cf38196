internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// Answers that can't find back: no-source-nat, source-nat-mismatch, hairpin-missing, no-return-path.
extension Projection {
    /// The router by which a packet with a private source went out towards public addresses, untranslated.
    ///
    /// Nil where that was not so. `isProven`: the far side is seen to have no way back.
    func missingSourceTranslation(
        _ packet: PacketState, at router: Namespace, inDevice: String?, outDevice: String, isProven: Bool
    ) -> Candidate? {
        guard packet.source.isPrivate, !packet.destination.isPrivate, !packet.destination.isLoopback,
            !router.holds(packet.source), let link = router[device: outDevice],
            !link.addresses.contains(where: { $0.contains(packet.source) })
        else { return nil }
        var asked = packet
        asked.connection = .new
        let site = RuleSite(namespace: router, inDevice: inDevice, outDevice: outDevice)
        let families: Set = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
        let result = HookTraversal(site: site, hook: .postrouting, families: families, from: 50).run(asked)
        if let translation = result.translation, case .masquerade = translation.action { return nil }
        let net = router.links.flatMap(\.addresses).first { $0.contains(packet.source) && $0.length > 0 }?.network
        let source = net?.description ?? packet.source.description
        let near = result.nearMisses.first { isMeant($0, for: packet, router) }
        let place = Finding.Place(namespace: router.name, hook: .postrouting, device: outDevice)
        let seen = Fact.seen("\(packet.source) > \(packet.destination) at \(router.name) \(outDevice) out")
        let actions = translate(router, source: source, device: outDevice, near: near?.rule)
        let remedy = Remedy(actions)
        if let near {
            return Candidate(
                finding: Finding(
                    code: "source-nat-mismatch", severity: .error, where: place,
                    message:
                        "\(packet.source) leaves \(outDevice) untranslated: \(near.rule.words) would translate it but for \(near.condition): \(near.because)",
                    evidence: [seen, .state("\(near.rule.words): \(near.rule.text ?? "")")], rule: near.rule,
                    unmatched: [Finding.Miss(rule: near.rule, because: near.because)], remedy: remedy),
                isCertain: true)
        }
        let rules = router.netfilter.nat.filter { $0.kind == "masquerade" || $0.kind == "snat" }
        let state: Fact =
            rules.isEmpty
            ? .state("no rule of \(router.name) translates sources")
            : .state("\(rules.map { $0.rule.words }.joined(separator: ", ")) translate others")
        return Candidate(
            finding: Finding(
                code: "no-source-nat", severity: .error, where: place,
                message:
                    "\(packet.source) leaves \(outDevice) with its private source address: no rule in postrouting of \(router.name) translates it, so no answer can come back",
                evidence: [seen, state], remedy: remedy),
            isCertain: true)
    }

    /// A rule for another of the router's networks does not nearly match.
    private func isMeant(_ near: HookResult.NearMiss, for packet: PacketState, _ router: Namespace) -> Bool {
        switch near.action {
        case .masquerade, .sourceTranslation: break
        default: return false
        }
        guard near.failing == .source else {
            return near.failing == .outDevice || near.failing == .transportProtocol || near.failing == .destination
        }
        let words = near.condition.split(separator: " ") + (near.rule.text ?? "").split(separator: " ")
        for word in words {
            guard let prefix = IPPrefix(String(word)) else { continue }
            let isAnotherNetwork = router.links.contains { link in
                link.addresses.contains { $0.network == prefix.network && !$0.contains(packet.source) }
            }
            if isAnotherNetwork { return false }
        }
        return true
    }

    /// Source translation for one network, in the backend that the namespace uses for it.
    private func translate(
        _ router: Namespace, source: String, device: String, near: RuleReference?
    ) -> [RemedyAction] {
        let isIPv4 = !source.contains(":")
        let nat = router.netfilter.chains.filter { $0.kind == "nat" && $0.hook == .postrouting }
        let wanted = near.flatMap { near in
            nat.first { $0.table == near.table && $0.family == near.family && $0.backend == near.backend }
        }
        let chain = wanted ?? nat.first { $0.backend == "nft" && router.netfilter.backend.allSatisfy { $0 == "nft" } }
        let usesNft = (near?.backend ?? chain?.backend) == "nft" || (near == nil && router.netfilter.backend == ["nft"])
        if usesNft {
            let family = isIPv4 ? "ip" : "ip6"
            let rule: CommandWords = "\(family) saddr \(source) oifname \(device) masquerade"
            if let chain {
                return [.nft(router, "add rule \(chain.family) \(chain.table) \(chain.name) \(words: rule)")]
            }
            return [
                .nft(router, "add table \(family) nat"),
                .nft(
                    router, "\("add chain \(family) nat postrouting { type nat hook postrouting priority srcnat; }")"),
                .nft(router, "add rule \(family) nat postrouting \(words: rule)"),
            ]
        }
        let isLegacy =
            near?.backend == "iptables-legacy" || near == nil && router.netfilter.backend == ["iptables-legacy"]
        return [
            .iptables(
                router,
                IptablesChange(
                    isIPv4: isIPv4, isLegacy: isLegacy, table: "nat", chain: "POSTROUTING", .last,
                    rule: "-s \(source) -o \(device) -j MASQUERADE"))
        ]
    }

    /// Source translation for what a translated destination's own network sends to it.
    private func masquerade(_ packet: PacketState, from source: String, _ router: Namespace, as rule: RuleReference?)
        -> RemedyAction
    {
        let isIPv4 = packet.destination.isIPv4
        let port = packet.destinationPort ?? 0
        if rule?.backend == "nft" {
            let chain = router.netfilter.chains.first {
                $0.kind == "nat" && $0.hook == .postrouting && $0.backend == "nft"
            }
            let family = isIPv4 ? "ip" : "ip6"
            let service: CommandWords = packet.hasPorts ? "\(packet.ipProtocol) dport \(port)" : ""
            return .nft(
                router,
                "add rule \(chain?.family ?? family) \(chain?.table ?? "nat") \(chain?.name ?? "postrouting") \(family) saddr \(source) \(family) daddr \(packet.destination) \(words: service) masquerade"
            )
        }
        let service: CommandWords = packet.hasPorts ? "-p \(packet.ipProtocol) --dport \(port)" : ""
        return .iptables(
            router,
            IptablesChange(
                isIPv4: isIPv4, isLegacy: rule?.backend == "iptables-legacy", table: "nat", chain: "POSTROUTING", .last,
                rule: "-s \(source) -d \(packet.destination) \(words: service) -j MASQUERADE"))
    }

    /// The target answers the asker directly, whose socket knows only the address that it sent to.
    func hairpin(
        _ packet: PacketState, router: Namespace, rule: RuleReference?, source: String, target: String
    ) -> Candidate {
        let device = router.links.first { link in link.addresses.contains { $0.contains(packet.destination) } }
        let net = device?.addresses.first { $0.contains(packet.destination) }?.network
        let action = masquerade(packet, from: net?.description ?? packet.source.description, router, as: rule)
        let itself = source == target
        return Candidate(
            finding: Finding(
                code: "hairpin-missing", severity: .error,
                where: Finding.Place(namespace: router.name, hook: .postrouting, device: device?.name),
                message: itself
                    ? "\(router.name) sends the packet back to \(target), its own sender, with the source \(packet.source) unchanged: \(target) takes nothing from outside that claims to come from itself; the source must be translated on the way back in"
                    : "\(router.name) translates the destination to \(packet.destination) but leaves the source \(packet.source): \(target) on the same link answers \(source) directly, past the translation, and \(source) does not recognise the answer",
                evidence: [
                    .state(
                        "\(rule.map { "\($0.words): \($0.text ?? "")" } ?? "destination translated in \(router.name)")")
                ],
                rule: rule, remedy: Remedy([action])),
            isCertain: true, reasons: ["IP_LOCAL_SOURCE", "IP_RPFILTER", "NO_SOCKET", "NOT_SPECIFIED"])
    }

    /// The request arrived; the far side has no way back.
    func noReturnPath(_ answer: PacketState, at far: Namespace, _ choice: RouteChoice, request: Walk) -> Candidate {
        let back = topology.namespaces.first { $0.holds(answer.destination) }
        var actions: [RemedyAction] = []
        // The next hop back is the router that handed the request over.
        if let gateway = gateways(for: answer, far).first {
            let net = back?.links.flatMap(\.addresses).first { $0.contains(answer.destination) }?.network
            let target = net?.description ?? answer.destination.description
            actions = [.ip(far, answer.destination.family, "route add \(target) via \(gateway.address)")]
        }
        return Candidate(
            finding: Finding(
                code: "no-return-path", severity: .error, where: Finding.Place(namespace: far.name),
                message:
                    "the request arrived in \(far.name), but \(far.name) has no route back to \(answer.destination)",
                evidence: [
                    Fact(choice.evidence, "no route to \(answer.destination) in \(far.name)"),
                    .seen("the request arrived in \(far.name)"),
                ], remedy: Remedy(ifAny: actions)),
            isCertain: true, reasons: ["IP_OUTNOROUTES", "IP_INNOROUTES"])
    }
}
