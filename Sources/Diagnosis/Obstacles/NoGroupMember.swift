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
        let others = elsewhere(group, graph)
        let joined = others.isEmpty ? "" : "; \(others.joined(separator: ", ")) has joined it, on another link"
        return candidate(
            at: Finding.Place(namespace: target.sender.name, device: target.device?.name),
            "nobody on \(target.link) has joined the multicast group \(group)\(joined)",
            evidence: names.prefix(6).map { .state("\($0) has not joined \(group)") } + route(packet, target),
            isCertain: false)
    }

    /// The link goes on where nothing can be seen, and of those who can be seen nobody there has joined the group.
    ///
    /// - Returns: the candidate, and whether something speaks for it: the packet can't pass a router, or the group was joined on
    ///   another link.
    func unseen(
        _ packet: PacketState, _ target: GroupTarget, _ graph: NetworkGraph
    ) -> (found: Candidate, isSuspect: Bool) {
        let (group, sender) = (packet.destination, target.sender.name)
        let others = elsewhere(group, graph)
        var parts: [String] = []
        if let ttl = packet.ttl, ttl <= 1 {
            parts.append("it was sent with TTL \(ttl) (IP_MULTICAST_TTL), so no router there passes it on")
        }
        if !others.isEmpty { parts.append("\(others.joined(separator: ", ")) has joined it, on another link") }
        let rest = parts.isEmpty ? "" : "; \(parts.joined(separator: "; "))"
        let found = candidate(
            at: Finding.Place(namespace: sender, device: target.device?.name),
            "the multicast packet left \(sender) by \(target.device?.name ?? "an unknown device"); whether anybody there has joined \(group) is not known, since the network beyond is not visible from here\(rest)",
            evidence: route(packet, target), isCertain: false)
        return (found, !others.isEmpty)
    }

    /// Who has joined the group, on whichever link: `other on veth3`.
    private func elsewhere(_ group: IPAddress, _ graph: NetworkGraph) -> [String] {
        graph.topology.namespaces.flatMap { namespace in
            (namespace.memberships ?? []).filter { $0.group == group }.map { "\(namespace.name) on \($0.device)" }
        }
    }

    /// Why the packet left by this device.
    private func route(_ packet: PacketState, _ target: GroupTarget) -> [Fact] {
        let choice = target.sender.lookUpRoute(
            to: packet.destination, source: packet.source, mark: packet.mark, inDevice: nil)
        guard choice.kind != nil, choice.device == target.device?.name else {
            return [.state("the sender chose \(target.device?.name ?? "the device") itself (IP_MULTICAST_IF)")]
        }
        return [Fact(choice.evidence, "route in \(target.sender.name) to \(packet.destination): \(choice.text)")]
    }
}
