internal import Observations
internal import Wire
internal import Network
internal import WalkModel

/// A VXLAN device does not reach the other end of the tunnel: no remote, a wrong one, another identifier or port. What
/// stops the outer packet on its own path appears under its own code.
struct VXLANUnreachable: Obstacle {
    let code: FindingCode = "vxlan-unreachable"
    let steps: Set<PathStep.Kind> = [.tunnel, .neighbour]
    let reasons: Set<DropReason> = [
        "VXLAN_VNI_NOT_FOUND", "VXLAN_NO_REMOTE", "NO_TX_TARGET", "VXLAN_ENTRY_EXISTS", "NOT_SPECIFIED", "NEIGH_FAILED",
        "NO_SOCKET", "UDP_CSUM",
    ]
    let traits: ObstacleTraits = .stopsEveryFrame

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        if case .neighbour(let step) = step { return leadsNowhere(step, surroundings) }
        guard case .tunnel(let step) = step else { return [] }
        if case .ownAddress(let address) = step.fault { return sendsToItself(step, address) }
        guard let why = words(step.fault, step) else { return [] }
        var remedy: Remedy?
        switch step.fault {
        case .noRemote, .wrongRemote:
            remedy = step.wanted.map {
                Remedy([.run(step.near, "bridge fdb append 00:00:00:00:00:00 dev \(step.nearLink.name) dst \($0)")])
            }
        case .noEntry(let mac):
            remedy = step.wanted.map {
                Remedy([.run(step.near, "bridge fdb append \(mac) dev \(step.nearLink.name) dst \($0)")])
            }
        case .wrongEntry(let entry): remedy = correction(entry, step)
        // Which of the two ends is wrong can't be told.
        case .identifier, .group, .port, .otherEndDown, .ownAddress: break
        }
        return stops(
            at: Finding.Place(namespace: step.near.name, device: step.nearLink.name),
            "VXLAN \(step.nearLink.name) in \(step.near.name) does not reach \(step.farLink.name) in \(step.far.name): \(why)",
            evidence: [.state(why)], remedy: remedy)
    }

    /// Two machines behind address translation can both have the address that they are told of each other.
    private func sendsToItself(_ step: TunnelStep, _ address: IPAddress) -> [Judgement] {
        let (name, device) = (step.near.name, step.nearLink.name)
        let owner = step.near.links.first { $0.addresses.contains { $0.address == address } }?.name ?? "it"
        let others = step.far.name == name ? "" : "; \(step.far.name) has the same address"
        return stops(
            at: Finding.Place(namespace: name, device: device),
            "VXLAN \(device) in \(name) sends to \(address), which is its own address (\(owner)): its packets come back to \(name)\(others), and the other end must be told by an address that it alone has",
            evidence: [
                .state("\(device) in \(name) sends to \(address)"),
                .state("\(address) is configured on \(owner) in \(name)"),
            ])
    }

    /// Nobody that can be seen on the link has the next hop's address, and the link leads on by this device alone. That
    /// somebody beyond has it is not known.
    private func leadsNowhere(_ step: NeighbourStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .nobody = step.resolution, step.holders.isEmpty, step.silences.isEmpty, let end = step.deadEnd,
            surroundings.topology.link(at: end)?.vxlan != nil
        else {
            return []
        }
        let state = "\(end.device) in \(end.namespace) has no remote and no FDB entry with one"
        return stops(
            at: Finding.Place(namespace: end.namespace, device: end.device),
            "VXLAN \(state): nobody seen on the link of \(step.link.name) in \(step.namespace.name) has \(step.hop), and the link leads on by this device alone",
            evidence: [.state(state), step.fact], isCertain: false)
    }

    /// What was learned is learned anew; what somebody configured leads to the right end.
    private func correction(_ entry: FDBEntry, _ step: TunnelStep) -> Remedy? {
        let device = step.nearLink.name
        guard entry.permanent else {
            return Remedy([.run(step.near, "bridge fdb del \(entry.mac) dev \(device)")])
        }
        return step.wanted.map {
            Remedy([.run(step.near, "bridge fdb replace \(entry.mac) dev \(device) dst \($0)")])
        }
    }

    private func words(_ fault: TunnelStep.Fault, _ step: TunnelStep) -> String? {
        switch fault {
        case .noRemote: "it has no remote and no FDB entry for it"
        case .noEntry(let mac):
            "it has no remote, and its forwarding database has no entry for \(mac), which is behind it"
        case .wrongRemote(let ends):
            "it sends to \(ends.map(\.description).joined(separator: ", ")), but the address of \(step.far.name) is \(step.wanted?.description ?? "unknown")"
        case .wrongEntry(let entry):
            "its forwarding database sends frames to \(entry.mac) to \(entry.destination?.description ?? "nobody"), and the device with this address is behind \(step.far.name)\(step.wanted.map { " (\($0))" } ?? "")\(entry.permanent && step.nearLink.vxlan?.learning == true ? "; what comes from there is dropped, since an entry that was configured is not learned anew" : "")"
        case .group(let group, let other):
            "it sends to the group \(group), and the far end takes what is for \(other.map { $0.isMulticast ? "the group \($0)" : "itself alone" } ?? "itself alone")"
        case .identifier(let own, let other): "its VNI is \(own), that of the far end is \(other)"
        case .port(let own, let other): "it sends to UDP port \(own), the far end listens on \(other)"
        case .otherEndDown, .ownAddress: nil
        }
    }
}
