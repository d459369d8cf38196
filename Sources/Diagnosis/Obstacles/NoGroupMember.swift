internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// Nobody on the sender's link has joined the multicast group, and no router is there that could pass it on.
struct NoGroupMember: Obstacle {
    let code: FindingCode = "no-group-member"
    let traits: ObstacleTraits = .concernsDatagram

    func candidate(_ packet: PacketState, _ target: GroupTarget, _ graph: NetworkGraph) -> Candidate {
        let group = packet.destination
        let names = target.receivers.map { "\($0.namespace) (\($0.device))" }
        let others = graph.topology.namespaces.flatMap { namespace in
            (namespace.memberships ?? []).filter { $0.group == group }.map { "\(namespace.name) on \($0.device)" }
        }
        let elsewhere = others.isEmpty ? "" : "; \(others.joined(separator: ", ")) has joined it, on another link"
        return candidate(
            at: Finding.Place(namespace: target.sender.name, device: target.device?.name),
            "nobody on \(target.link) has joined the multicast group \(group)\(elsewhere)",
            evidence: names.prefix(6).map { .state("\($0) has not joined \(group)") }, isCertain: false)
    }
}
