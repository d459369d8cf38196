internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A rule translates the source to an address and ports that other connections to the same destination have already: the
/// reply would look like theirs, so conntrack takes no entry and the packet is dropped (`insert_failed`,
/// __nf_conntrack_confirm).
struct SourcePortsExhausted: Obstacle {
    let code: FindingCode = "source-ports-exhausted"
    let traits: ObstacleTraits = [.concernsDatagram]

    /// Nil where no entry was refused, or no rule translates the source there.
    func candidate(_ stop: StoppedPacket, _ reading: WalkReading) -> Candidate? {
        guard stop.report.rule == nil, stop.report.reason == nil || stop.report.reason == "NETFILTER_DROP",
            let stay = reading.stays().last,
            let refused = rise(stay.namespace.name, stop.context.counters),
            let choice = choice(stay, stop), let device = choice.device
        else { return nil }
        var packet = stay.exit
        packet.source = stay.entry.source
        packet.sourcePort = stay.entry.sourcePort
        packet.connection = .new
        let traversal = HookTraversal(
            site: RuleSite(namespace: stay.namespace, inDevice: stay.inDevice, outDevice: device), hook: .postrouting,
            families: [packet.source.isIPv4 ? "ip" : "ip6", "inet"], from: 50)
        guard let (rule, action) = traversal.run(packet).translation else { return nil }
        switch action {
        case .masquerade, .sourceTranslation: break
        default: return nil
        }
        let ports = action.translation?.ports
        let words = ports.map { ports in
            ports.count == 1
                ? " with port \(ports.lowerBound)" : " with ports \(ports.lowerBound) to \(ports.upperBound)"
        }
        return candidate(
            at: Finding.Place(namespace: stay.namespace.name, hook: .postrouting, device: device),
            "\(rule.name) in \(stay.namespace.name) translates the source \(packet.source)\(words ?? ""), and none of its ports is free for \(Diversion.socket(packet)): the reply would look like that of another connection, so conntrack refuses the entry and the packet is dropped",
            evidence: [
                .kernel("nf_conntrack.insert_failed rose by \(refused) in \(stay.namespace.name)"),
                .state("\(rule.name): \(rule.text ?? "")"),
            ], rule: rule, remedy: ports == nil ? nil : remedy(rule, action, packet, traversal), isCertain: ports != nil
        )
    }

    private func rise(_ namespace: String, _ counters: [DiagnosisContext.CounterDelta]) -> UInt64? {
        let rise = counters.filter { $0.namespace == namespace && $0.name == "nf_conntrack.insert_failed" }
            .reduce(0) { $0 + $1.delta }
        return rise > 0 ? rise : nil
    }

    private func choice(_ stay: WalkReading.Stay, _ stop: StoppedPacket) -> RouteChoice? {
        stop.findings.path.inputs.route(stay.exit, stay.namespace, inDevice: stay.inDevice)
    }

    /// This flow gets the same translation with any port.
    private func remedy(
        _ rule: RuleReference, _ action: RuleAction, _ packet: PacketState, _ traversal: HookTraversal
    ) -> Remedy? {
        guard let chain = traversal.site.namespace.netfilter.chain(of: rule) else { return nil }
        let target: (iptables: CommandWords, nft: CommandWords)
        if case .sourceTranslation = action, let address = action.translation?.first {
            target = ("-j SNAT --to-source \(address)", "snat to \(address)")
        } else {
            target = ("-j MASQUERADE", "masquerade")
        }
        return Remedy([AcceptRemedy.exception(to: rule, in: chain, packet, traversal, target: target)])
    }
}
