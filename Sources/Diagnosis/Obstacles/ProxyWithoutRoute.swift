internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A namespace on the link replies for addresses of others (proxy ARP, proxy NDP), and not for the next hop: it has no
/// route to it, does not forward, or was not told of the address.
struct ProxyWithoutRoute: Obstacle {
    let code: FindingCode = "proxy-without-route"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step, step.holders.isEmpty else { return [] }
        return step.silences.compactMap { respondent, silence in
            guard case .proxy(let fault, let setting) = silence else { return nil }
            return examine(step, respondent, fault, setting, surroundings)
        }
    }

    private func examine(
        _ step: NeighbourStep, _ respondent: NeighbourStep.Respondent, _ fault: NeighbourReply.ProxyFault,
        _ setting: Settings.Value, _ surroundings: Surroundings
    ) -> Judgement {
        let (namespace, device, hop) = (respondent.namespace, respondent.path.end.device, step.hop)
        let name = namespace.name
        let why: String
        var actions: [RemedyAction] = []
        switch fault {
        case .noRoute(let choice):
            let hasDefault = choice.kind != nil
            why =
                hasDefault
                ? "its route to \(hop) is \(choice.text)"
                : "it has no route to \(hop), not even a default route, and a proxy replies only for what it can hand on"
            var packet = step.packet
            packet.macSource = nil
            if !hasDefault, let gateway = gateway(for: packet, namespace, device, surroundings) {
                actions = [.ip(namespace, hop.family, "route add default via \(gateway.address)")]
            }
        case .notForwarding(let forwarding):
            let key = forwarding?.key ?? "net.ipv4.ip_forward"
            why = "\(key) = 0, and a proxy replies only where it forwards"
            actions =
                hop.isIPv4
                ? [.sysctl(namespace, "net.ipv4.ip_forward", "1")]
                : [.sysctl(namespace, "net.ipv6.conf.all.forwarding", "1")]
        case .noEntry:
            why = "no proxy entry for \(hop) on \(device) is configured, and IPv6 has no proxy for all addresses"
            actions = [.ip(namespace, .ipv6, "neigh add proxy \(hop) dev \(device)")]
        }
        return .candidate(
            candidate(
                at: Finding.Place(namespace: name, device: device),
                "\(name) does not reply to \(step.protocolName) for \(hop) on \(device) though \(setting.key) = \(setting.number): \(why)",
                evidence: [.state("\(setting.key) = \(setting.number) in \(name)"), step.fact],
                remedy: actions.isEmpty ? nil : Remedy(actions), isCertain: !step.hasOutside))
    }

    /// A router beyond the proxy, past another device than the one that asks.
    private func gateway(
        for packet: PacketState, _ namespace: Namespace, _ device: String, _ surroundings: Surroundings
    ) -> Surroundings.Gateway? {
        surroundings.gateways(for: packet, namespace).first
            ?? surroundings.gateways(for: packet, namespace, thatForward: false).first
    }
}
