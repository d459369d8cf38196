internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// An address of a link's own network is behind a router on that link, which does not reply for it: whoever is on the link
/// looks for it there by ARP or neighbour discovery (RFC 1027, RFC 4389).
struct ProxyMissing: Obstacle {
    let code: FindingCode = "proxy-missing"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    /// The router on the link that leads to the address.
    struct Router: Sendable {
        var namespace: Namespace
        /// By which it is on the link.
        var device: String
        var choice: RouteChoice

        /// Nil where nobody on the link leads to the next hop, or the prefix of the asker's address is at fault.
        init?(_ step: NeighbourStep, _ surroundings: Surroundings) {
            guard case .nobody = step.resolution, step.choice.gateway == nil, step.holders.isEmpty,
                step.silences.isEmpty, surroundings.loosePort(step) == nil, surroundings.portOnOtherBridge(step) == nil,
                !step.elsewhere(surroundings.topology).isEmpty,
                step.link.addresses.contains(where: { $0.contains(step.hop) }),
                WrongNetmask.prefixes(step, surroundings.context.graph) == nil
            else { return nil }
            let segment = surroundings.context.graph.segment(out: step.link.name, of: step.namespace.name)
            for path in segment.paths where !path.isOutside && path.end.namespace != step.namespace.name {
                guard let other = surroundings.topology[namespace: path.end.namespace],
                    other.settings.forwarding(device: path.end.device, step.hop.family)?.isOn == true
                else { continue }
                let choice = other.lookUpRoute(
                    to: step.hop, source: step.asker, mark: 0, inDevice: path.end.device)
                guard choice.kind == .unicast, choice.device != path.end.device,
                    let attachment = Attachment(of: step.hop, to: other, surroundings.context.graph),
                    attachment.device == choice.device
                else { continue }
                namespace = other
                device = path.end.device
                self.choice = choice
                return
            }
            return nil
        }
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step else { return [] }
        if let unanswered = ProxiedGateway(step, surroundings) { return unreplied(unanswered, step) }
        guard let router = Router(step, surroundings) else { return [] }
        let (name, hop) = (router.namespace.name, step.hop)
        return stops(
            at: Finding.Place(namespace: name, device: router.device),
            "\(hop) is behind \(name) (\(router.choice.text)), and \(name) does not reply to \(step.protocolName) for it on \(router.device): \(step.namespace.name) looks for it on that link (\(step.choice.text)); \(Self.setting(of: router.namespace, router.device, hop))",
            evidence: [
                step.fact, Fact(step.choice.evidence, "\(step.choice.text) in \(step.namespace.name)"),
                .state("\(router.choice.text) in \(name)"),
            ], remedy: Self.remedy(router.namespace, router.device, hop), isCertain: !step.hasOutside)
    }

    /// A packet left by a device whose network its source is of, while the source is elsewhere: hosts there look for it on
    /// the link. That no router there has a route to it is not known.
    func left(_ packet: PacketState, by device: String, of namespace: Namespace) -> Candidate? {
        let source = packet.source
        guard !namespace.holds(source), let link = namespace[device: device],
            let prefix = link.addresses.first(where: { $0.length < source.bitWidth && $0.contains(source) }),
            !source.isLinkLocal
        else { return nil }
        let inquiry = NeighbourInquiry(namespace: namespace, device: device, target: source)
        if case .proxy = inquiry.reply { return nil }
        let isIPv4 = source.isIPv4
        if isIPv4, namespace.proxyNeighbors?.contains(where: { $0.address == source }) == true { return nil }
        let question = isIPv4 ? "ARP" : "neighbour discovery"
        return candidate(
            at: Finding.Place(namespace: namespace.name, device: device),
            "replies to \(source) may not find it: it belongs to the network \(prefix.network) of \(device) in \(namespace.name), so hosts there look for it on that link by \(question), and \(namespace.name) does not reply for it; \(Self.setting(of: namespace, device, source))",
            evidence: [
                .state("\(prefix) on \(device) in \(namespace.name)"),
                .seen("\(source) > \(packet.destination) at \(namespace.name) \(device) out"),
            ], remedy: Self.remedy(namespace, device, source), isCertain: false)
    }

    static func setting(of namespace: Namespace, _ device: String, _ address: IPAddress) -> String {
        let setting = namespace.settings.proxiesNeighbors(device: device, address.family)
        let key =
            setting?.key
            ?? "net.\(address.isIPv4 ? "ipv4" : "ipv6").conf.\(device).proxy_\(address.isIPv4 ? "arp" : "ndp")"
        let entries = entries(for: address, in: namespace)
        let state: String
        if entries.contains(where: { $0.device == nil || $0.device == device }) {
            state = "without which the proxy entry for \(address) is not used"
        } else if let other = entries.first?.device {
            state = "and the proxy entry for \(address) is for \(other)"
        } else {
            state = "and no proxy entry is configured"
        }
        return "\(key) = \(setting?.number ?? 0), \(state)"
    }

    private static func entries(for address: IPAddress, in namespace: Namespace) -> [ProxyNeighbor] {
        namespace.proxyNeighbors?.filter { $0.address == address } ?? []
    }

    /// An entry for the one address. IPv4 asks for no setting beside it (arp_process).
    private static func remedy(_ namespace: Namespace, _ device: String, _ address: IPAddress) -> Remedy {
        let isThere = entries(for: address, in: namespace).contains { $0.device == nil || $0.device == device }
        let entry = RemedyAction.ip(namespace, address.family, "neigh add proxy \(address) dev \(device)")
        if address.isIPv4 { return Remedy([entry]) }
        return Remedy(
            [.sysctl(namespace, "net.ipv6.conf.DEVICE.proxy_ndp", device: device, "1")] + (isThere ? [] : [entry]))
    }
}
