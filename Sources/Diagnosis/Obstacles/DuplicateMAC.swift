internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Two devices on one link have the same MAC address, as copies of a virtual machine do: a bridge sends frames for it to
/// the port by which it saw the address last.
struct DuplicateMAC: Obstacle {
    let code: FindingCode = "duplicate-mac"
    let steps: Set<PathStep.Kind> = [.forwarding, .neighbour]
    let reasons: Set<DropReason> = StaleNeighbor.dropReasons.union(NeighborUnresolved.dropReasons)
    let traits: ObstacleTraits = [.isElsewhere, .stopsAfterArrival]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .forwarding(let step):
            // It is for somebody else with the MAC address of the device that it came to.
            guard step.forwardingSetting?.isOn != true, !step.namespace.holds(step.packet.destination),
                let device = step.namespace[device: step.device], let mac = device.mac
            else { return [] }
            let own = Surroundings.Holder(namespace: step.namespace, link: device)
            return twin(of: own, mac, for: step.packet.destination, surroundings)
        case .neighbour(let step):
            guard step.isUnanswered, let holder = surroundings.right(step.hop, step.holders),
                let mac = step.link.mac
            else { return [] }
            let own = Surroundings.Holder(namespace: step.namespace, link: step.link)
            guard let other = surroundings.twins(of: own, mac).first, other.namespace.name != holder.namespace.name
            else {
                return []
            }
            return [.candidate(candidate(own, other, mac, isCertain: false))]
        default: return []
        }
    }

    private func twin(
        of own: Surroundings.Holder, _ mac: MACAddress, for address: IPAddress, _ surroundings: Surroundings
    ) -> [Judgement] {
        let twins = surroundings.twins(of: own, mac)
        guard let other = twins.first(where: { $0.link.addresses.contains { $0.address == address } }) else {
            return []
        }
        if surroundings.isPassedThrough(from: other, to: own) {
            return [.candidate(MacvlanIsolated().taken(own, other))]
        }
        return [.candidate(candidate(other, own, mac, isCertain: true))]
    }

    private func candidate(
        _ one: Surroundings.Holder, _ other: Surroundings.Holder, _ mac: MACAddress, isCertain: Bool
    ) -> Candidate {
        let (first, second) = (
            "\(one.link.name) in \(one.namespace.name)", "\(other.link.name) in \(other.namespace.name)"
        )
        return candidate(
            at: Finding.Place(namespace: other.namespace.name, device: other.link.name),
            "\(first) and \(second) have the same MAC address \(mac) on one link: frames to it go to whichever of them sent last, here to \(other.namespace.name); give one of them another address",
            evidence: [.state("\(first): \(mac)"), .state("\(second): \(mac)")], isCertain: isCertain)
    }
}

extension Surroundings {
    /// Whether a device is a macvlan in mode `passthru` on top of another one, whose MAC address it shares.
    fileprivate func isPassedThrough(from lower: Holder, to upper: Holder) -> Bool {
        guard upper.link.kind.isMacvlan, upper.link.mode == .passthrough,
            let device = context.graph.device(upper.link.name, in: upper.namespace.name),
            let below = context.graph.lower(of: device)
        else { return false }
        return context.graph.namespace(of: below).name == lower.namespace.name
            && context.graph[below].name == lower.link.name
    }

    /// Other devices on the link of one that have its MAC address.
    func twins(of own: Holder, _ mac: MACAddress) -> [Holder] {
        context.graph.segment(out: own.link.name, of: own.namespace.name).paths.compactMap { path in
            guard !path.isOutside, path.end.namespace != own.namespace.name,
                let namespace = topology[namespace: path.end.namespace], let link = namespace[device: path.end.device],
                link.mac == mac
            else { return nil }
            return Holder(namespace: namespace, link: link)
        }
    }
}
