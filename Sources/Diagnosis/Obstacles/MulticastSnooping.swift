internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A bridge that snoops multicast sends the neighbour solicitation to members of its group only, and the next hop's port
/// is none: its membership report (MLD, RFC 3810) was not heard.
///
/// Solicitations are multicast, and of the groups of IPv6 only ff02::1 is always flooded (br_multicast_ipv6_rcv). Without a
/// querier a bridge floods all (br_multicast_querier_exists).
struct MulticastSnooping: Obstacle {
    let code: FindingCode = "multicast-snooping"
    let steps: Set<PathStep.Kind> = [.bridge]
    let reasons: Set<DropReason> = ["NEIGH_FAILED", "NEIGH_QUEUEFULL", "NO_TX_TARGET"]
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .bridge(let step) = step, let hop = step.solicited, !hop.isIPv4, let bridge = step.bridge.bridge,
            bridge.multicastSnooping == true, let members = bridge.mdb, step.hasQuerier
        else { return [] }
        let group = hop.solicitedNode
        let name = step.namespace.name
        let exit = step.exit?.name ?? step.bridge.name
        let ports = members.filter { $0.group == group }.map(\.device) + (bridge.multicastRouters ?? [])
        if ports.contains(exit) {
            return [.passed("multicast snooping of \(step.bridge.name) in \(name): \(exit) receives \(group)")]
        }
        let known = ports.isEmpty ? "no port is" : "only \(ports.joined(separator: ", ")) is"
        return stops(
            at: Finding.Place(namespace: name, device: exit),
            "multicast snooping on \(step.bridge.name) in \(name) keeps the neighbour solicitation for \(hop) from \(exit): \(known) in its MDB for \(group), since no MLD report came in by \(exit), and with a querier a bridge sends such frames to members only",
            evidence: [
                .state(
                    "\(step.bridge.name) in \(name): mcast_snooping 1\(bridge.multicastQuerier == true ? ", mcast_querier 1" : "")"
                ),
                .state(
                    "bridge mdb in \(name): \(ports.isEmpty ? "no port" : ports.joined(separator: ", ")) for \(group)"),
            ],
            remedy: Remedy([.ip(step.namespace, "link set \(step.bridge.name) type bridge mcast_snooping 0")]))
    }
}

extension MulticastSnooping {
    /// Somebody on the sender's link has joined the group, and a bridge between sends it to other ports only.
    ///
    /// - Parameter members: the devices that have joined it.
    func candidate(
        _ packet: PacketState, _ target: GroupTarget, members: [LayerTwoPath.Port], _ graph: NetworkGraph
    ) -> Candidate? {
        guard let device = target.device, !target.hasOutside || packet.destination.isMulticast else { return nil }
        let group = packet.destination
        for path in graph.segment(out: device.name, of: target.sender.name).paths where members.contains(path.end) {
            for case .bridge(let name, let bridge, _, let exit) in path.steps {
                guard let namespace = graph[namespace: name], let link = namespace[device: bridge],
                    link.bridge?.multicastSnooping == true, let known = link.bridge?.mdb, link.hasQuerier
                else { continue }
                let ports = known.filter { $0.group == group }.map(\.device) + (link.bridge?.multicastRouters ?? [])
                guard !ports.contains(exit ?? bridge) else { continue }
                let port = exit ?? bridge
                let report = group.isIPv4 ? "IGMP" : "MLD"
                return candidate(
                    at: Finding.Place(namespace: name, device: port),
                    "multicast snooping on \(bridge) in \(name) keeps packets for the group \(group) from \(port): \(path.end.namespace) has joined it on \(path.end.device), but no \(report) report is known to have come in by \(port), and with a querier a bridge sends such packets to members only",
                    evidence: [
                        .state("\(path.end.namespace) has joined \(group) on \(path.end.device)"),
                        .state(
                            "bridge mdb in \(name): \(ports.isEmpty ? "no port" : ports.joined(separator: ", ")) for \(group)"
                        ),
                    ],
                    remedy: Remedy([.ip(namespace, "link set \(bridge) type bridge mcast_snooping 0")]),
                    reasons: ["NO_TX_TARGET"])
            }
        }
        return nil
    }
}

extension Link {
    /// Whether somebody asks for members: the bridge itself, or a router behind a port.
    fileprivate var hasQuerier: Bool {
        bridge?.multicastQuerier == true || bridge?.multicastRouters?.isEmpty == false
    }
}

extension BridgeStep {
    /// Whether somebody asks for members: the bridge itself, or a router behind a port.
    fileprivate var hasQuerier: Bool { bridge.hasQuerier }
}

extension IPAddress {
    /// The group in which an IPv6 address is asked for: ff02::1:ff00:0/104 and its last three bytes (RFC 4291, 2.7.1).
    var solicitedNode: IPAddress { IPAddress(high: 0xff02 << 48, low: 0x1_ff00_0000 | low & 0xff_ffff) }
}
