internal import Network
internal import Ruleset
internal import WalkModel

extension BridgePortBlocked {
    /// A frame that leaves a port with a VLAN tag, and whose receiver has no device of that VLAN: it takes nothing with a tag
    /// for itself (`__netif_receive_skb_core`). Nil where the other end can't be seen, or leads on.
    func tagged(_ step: BridgeStep, _ surroundings: Surroundings) -> Judgement? {
        guard step.bridge.bridge?.vlanFiltering == true, let exit = step.exit, let settings = exit.bridgePort,
            let untagged = settings.untaggedVLANs, let vlan = step.entry.map({ $0.bridgePort?.pvid }) ?? step.ownVLAN,
            vlan != 0, settings.vlans.contains(vlan), !untagged.contains(vlan),
            let peer = exit.peer, let far = peer.namespace.flatMap({ surroundings.topology[namespace: $0] }),
            let end = far[device: peer.device], end.master == nil,
            !surroundings.topology.namespaces.contains(where: { namespace in
                namespace.links.contains { $0.lower == end.name && ($0.lowerNamespace ?? namespace.name) == far.name }
            })
        else { return nil }
        let name = step.namespace.name
        let found = candidate(
            at: Finding.Place(namespace: name, device: exit.name),
            "bridge port \(exit.name) of \(step.bridge.name) in \(name) sends frames of VLAN \(vlan) with a tag, and \(end.name) in \(far.name) has no device for VLAN \(vlan): it takes nothing with a tag",
            evidence: [.state("\(exit.name) in \(name): VLAN \(vlan), not untagged")],
            remedy: Remedy([
                .run(step.namespace, "bridge vlan add dev \(exit.name) vid \(vlan) untagged")
            ]))
        return .candidate(found)
    }
}
