internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A private source address leaves towards public addresses, and no rule translates it: no reply can come back.
struct NoSourceNAT: Obstacle {
    let code: FindingCode = "no-source-nat"
    let traits: ObstacleTraits = .concernsDatagram

    /// A rule would translate it by what is known of it, and it was seen untranslated all the same.
    func candidate(_ unmet: UnmetTranslation) -> Candidate {
        let name = unmet.namespace.name
        return candidate(
            at: Finding.Place(namespace: name, hook: .postrouting, device: unmet.outDevice),
            "\(unmet.packet.source) leaves \(unmet.outDevice ?? name) with its private source address, although \(unmet.rule.name) in \(name) would translate it; so no reply can come back",
            evidence: [
                .seen("\(unmet.packet.source) > \(unmet.packet.destination) at \(name) \(unmet.outDevice ?? "") out"),
                .state("\(unmet.rule.name): \(unmet.rule.text ?? "")"),
            ], rule: unmet.rule, isCertain: false)
    }

    /// The sender's own route gave the packet a private source of another device (`src`).
    func candidate(_ packet: PacketState, chosenBy route: Route, of sender: Namespace, by link: Link) -> Candidate {
        let (name, source) = (sender.name, packet.source)
        let other = sender.links.first { $0.addresses.contains { $0.address == source } }?.name ?? "another device"
        let own = link.addresses.filter { $0.address.family == source.family && !$0.address.isLinkLocal }
        let through = route.gateway.map { "via \($0) " } ?? ""
        let text = "\(route.destinationText) \(through)dev \(link.name)"
        let via: CommandWords = route.gateway.map { "via \($0)" } ?? ""
        let table: CommandWords = route.table == .main ? "" : "table \(route.table)"
        let metric: CommandWords = route.metric == 0 ? "" : "metric \(route.metric)"
        let isPlain = route.nextHops.count < 2 && route.nextHopIdentifier == nil
        return candidate(
            at: Finding.Place(namespace: name, device: link.name),
            "\(name) sends packets to \(packet.destination) by \(link.name) with the private source \(source) of \(other), since its route \(text) says src \(source): no reply can come back",
            evidence: [
                .seen("\(source) > \(packet.destination) at \(name) \(link.name) out"),
                .state("\(text) src \(source) in \(name)"),
            ],
            remedy: isPlain && !own.isEmpty
                ? Remedy([
                    .ip(
                        sender, source.family,
                        "route change \(route.destinationText) \(words: via) dev \(link.name) \(words: table) \(words: metric)"
                    )
                ]) : nil,
            isCertain: own.contains { !$0.address.isPrivate })
    }

    /// The sender took the source from the route that it had before the packet was marked.
    func candidate(
        _ packet: PacketState, chosenFor first: String, leavingBy link: Link, mark: UInt32, of sender: Namespace
    ) -> Candidate {
        let name = sender.name
        return candidate(
            at: Finding.Place(namespace: name, hook: .postrouting, device: link.name),
            "\(name) chose the source \(packet.source) for \(first), before the mark 0x\(String(mark, radix: 16)) led the packet to \(link.name): it leaves with the address of another device, and replies come back by \(first), if at all",
            evidence: [
                .seen("\(packet.source) > \(packet.destination) at \(name) \(link.name) out"),
                .state("no source NAT rule in \(name) translates it on \(link.name)"),
            ],
            remedy: Remedy(
                SourceTranslation.actions(for: "\(packet.source)", leavingBy: link.name, of: sender)),
            isCertain: false)
    }

    func candidate(_ missing: SourceTranslation) -> Candidate {
        let name = missing.router.name
        let rules = missing.router.netfilter.nat.filter { $0.kind == .masquerade || $0.kind == .snat }
        let state: Fact =
            rules.isEmpty
            ? .state("no source NAT rule in \(name)")
            : .state("\(rules.map { $0.rule.name }.joined(separator: ", ")) translate other packets")
        if let accepting = missing.accepting?.rule {
            let isReturn = missing.router.netfilter.compiled.rule(accepting)?.actions.contains {
                if case .return = $0 { true } else { false }
            }
            let verb = isReturn == true ? "returns" : "accepts"
            return candidate(
                at: missing.place,
                "\(missing.packet.source) leaves \(missing.outDevice) with its private source address: \(accepting.name) in \(name) \(verb) it before a rule that would translate it is asked, so no reply can come back",
                evidence: [missing.fact, .state("\(accepting.name): \(accepting.text ?? "")")], rule: accepting,
                remedy: missing.remedy)
        }
        return candidate(
            at: missing.place,
            "\(missing.packet.source) leaves \(missing.outDevice) with its private source address: no source NAT rule in \(name) translates it, so no reply can come back",
            evidence: [missing.fact, state], remedy: missing.remedy, isCertain: !missing.leavesPrivately)
    }
}
