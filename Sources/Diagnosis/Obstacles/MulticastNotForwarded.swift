internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Multicast for a group that was joined beyond a router, or may have been, and the router forwards none: the kernel
/// does so only while a multicast routing daemon runs (ip_mroute_setsockopt), and never with a TTL of 1.
struct MulticastNotForwarded: Obstacle {
    let code: FindingCode = "multicast-not-forwarded"
    let traits: ObstacleTraits = .concernsDatagram

    func candidate(_ packet: PacketState, _ barrier: MulticastBarrier, _ target: GroupTarget) -> Candidate {
        let (group, router) = (packet.destination, barrier.router.name)
        let protocolName = group.isIPv4 ? "IGMP" : "MLD"
        var obstacles: [String] = []
        var evidence: [Fact] = []
        if let ttl = packet.ttl, ttl <= 1 {
            obstacles.append("it was sent with TTL \(ttl) (IP_MULTICAST_TTL), which no router forwards")
            evidence.append(.seen("TTL \(ttl) at \(target.sender.name)"))
        }
        if barrier.setting?.isOn != true {
            obstacles.append("\(router) does not forward multicast: no multicast routing daemon runs there")
            evidence.append(.state("\(barrier.setting?.key ?? "mc_forwarding") = 0 in \(router)"))
        }
        let isForwarding = obstacles.isEmpty
        if isForwarding {
            obstacles.append(
                "no copy was seen beyond \(router), where a multicast routing daemon decides what is forwarded")
            evidence.append(.state("\(barrier.setting?.key ?? "mc_forwarding") = 1 in \(router)"))
        }
        let members = barrier.members.map { "\($0.namespace) on \($0.device)" }.joined(separator: ", ")
        let joined =
            members.isEmpty
            ? "nobody on \(target.link) has joined \(group), nor is anybody seen to beyond \(router)"
            : "\(group) was joined by \(members), beyond \(router)"
        evidence += barrier.members.map {
            .state("\($0.namespace) has joined \(group) on \($0.device) (\(protocolName))")
        }
        return candidate(
            at: Finding.Place(namespace: router, device: barrier.inDevice),
            "the multicast packet came to \(router) on \(barrier.inDevice) and goes no further; \(joined), but \(obstacles.joined(separator: ", and "))",
            evidence: evidence, isCertain: !members.isEmpty && !isForwarding)
    }
}
