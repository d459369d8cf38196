internal import Network
internal import WalkModel
internal import Wire

/// The prefix of an address is too short, so that a routed address looks as if it were on the link; or too long, so that one
/// on the link is sent to a router, or is the network's broadcast address.
struct WrongNetmask: Obstacle {
    let code: FindingCode = "wrong-netmask"
    let steps: Set<PathStep.Kind> = [.neighbour, .forwarding, .route]
    let reasons = NeighborUnresolved.dropReasons

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .forwarding(let step): return TooLongPrefix(step, surroundings).map { [tooLong($0, step)] } ?? []
        case .route(let step):
            guard step.inDevice == nil else { return [] }
            let claim = BroadcastClaim(of: step.packet, in: step.namespace, surroundings)
            return claim.map { [.candidate(claimed($0, in: step.namespace))] } ?? []
        default: break
        }
        guard case .neighbour(let step) = step, case .nobody = step.resolution,
            let (own, narrower) = Self.prefixes(step, surroundings.context.graph)
        else { return [] }
        let (namespace, link, hop) = (step.namespace, step.link, step.hop)
        return stops(
            at: Finding.Place(namespace: namespace.name, device: link.name),
            "wrong prefix length: \(own) on \(link.name) in \(namespace.name) covers \(hop), so \(namespace.name) resolves it by \(step.protocolName) on the link instead of using a router; \(narrower.device) in \(narrower.namespace) has \(narrower.prefix)",
            evidence: [
                .state("\(own) on \(link.name) in \(namespace.name)"),
                .state("\(narrower.prefix) on \(narrower.device) in \(narrower.namespace)"),
            ] + step.elsewhere(surroundings.topology).map { .state("\(hop) is configured in \($0)") },
            remedy: Remedy(correction(step, own, narrower.prefix)))
    }

    typealias Narrower = (prefix: IPPrefix, namespace: String, device: String)

    /// Our prefix that covers the next hop, and a longer one that somebody on the link has and that does not; nil where
    /// that is not so.
    static func prefixes(_ step: NeighbourStep, _ graph: NetworkGraph) -> (own: IPPrefix, narrower: Narrower)? {
        let covering = step.link.addresses.filter { $0.contains(step.hop) }
        guard step.choice.gateway == nil, let own = covering.max(by: { $0.length < $1.length }) else { return nil }
        var narrower: Narrower?
        let segment = graph.segment(out: step.link.name, of: step.namespace.name)
        for path in segment.paths where !path.isOutside && path.end.namespace != step.namespace.name {
            let found = graph.link(path.end.device, in: path.end.namespace)?.addresses.first {
                $0.length > own.length && $0.contains(own.address) && !$0.contains(step.hop) && own.contains($0.address)
            }
            if let found { narrower = (found, path.end.namespace, path.end.device) }
        }
        return narrower.map { (own, $0) }
    }

    private func correction(_ step: NeighbourStep, _ own: IPPrefix, _ narrower: IPPrefix) -> [RemedyAction] {
        let (namespace, device, hop) = (step.namespace, step.link.name, step.hop)
        let right = IPPrefix(own.address, length: narrower.length) ?? own
        let add = RemedyAction.ip(
            namespace, "addr add \(right) dev \(device)" + (hop.isIPv4 ? "" : "nodad"))
        let remove = RemedyAction.ip(namespace, "addr del \(own) dev \(device)")
        // The longer prefix first: a device without IPv4 addresses loses its routes. An IPv6 address can be on a device
        // once only, whatever its prefix.
        var actions = hop.isIPv4 ? [add, remove] : [remove, add]
        let hasDefault = namespace.routes.contains {
            $0.destination.length == 0 && $0.gateway != nil && $0.table == 254
        }
        if !hasDefault { actions.append(.ip(namespace, hop.family, "route add \(hop) via \(narrower.address)")) }
        return actions
    }
}
