internal import Observations
internal import Network
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

extension BridgeStep {
    /// Whether somebody asks for members: the bridge itself, or a router behind a port.
    fileprivate var hasQuerier: Bool {
        bridge.bridge?.multicastQuerier == true || bridge.bridge?.multicastRouters?.isEmpty == false
    }
}

extension IPAddress {
    /// The group in which an IPv6 address is asked for: ff02::1:ff00:0/104 and its last three bytes (RFC 4291, 2.7.1).
    var solicitedNode: IPAddress { IPAddress(high: 0xff02 << 48, low: 0x1_ff00_0000 | low & 0xff_ffff) }
}
