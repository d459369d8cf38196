internal import Network
internal import WalkModel
internal import Wire

/// IPv6: the next hop's address is on another device of its namespace than the one that is asked, and only the device
/// that has an address replies for it (RFC 4861, 7.2.3), or the device does no ARP at all.
struct AddressOnOtherDevice: Obstacle {
    let code: FindingCode = "address-on-other-device"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step, step.misplaced(surroundings.topology) == nil else { return [] }
        return step.silences.compactMap { respondent, silence in
            guard case .otherDevice(let holder) = silence else { return nil }
            let (namespace, device) = (respondent.namespace, respondent.path.end.device)
            return .candidate(
                candidate(
                    at: Finding.Place(namespace: namespace.name, device: device),
                    "\(namespace.name) does not reply to neighbour discovery for \(step.hop) on \(device): the address is configured on \(holder), and in IPv6 each device replies for its own addresses only; it needs a route by an address of \(device), or a proxy entry",
                    evidence: [.state("\(step.hop) on \(holder) in \(namespace.name)"), step.fact],
                    remedy: Remedy(remedy(step, namespace, device)), isCertain: !step.hasOutside))
        }
    }

    /// A route through an address that the device has, which every sender on the link can ask for.
    private func remedy(_ step: NeighbourStep, _ namespace: Namespace, _ device: String) -> [RemedyAction] {
        let own = namespace[device: device]?.addresses.first { !$0.address.isIPv4 && $0.address.isLinkLocal }
        guard let own, step.choice.gateway == nil else { return [] }
        return [.ip(step.namespace, .ipv6, "route add \(step.hop) via \(own.address) dev \(step.link.name)")]
    }
}
