internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// An address is configured on a port of a bridge: the bridge takes the port's frames before IP sees them.
struct AddressOnBridgePort: Obstacle {
    let code: FindingCode = "address-on-bridge-port"
    let steps: Set<PathStep.Kind> = [.transmit, .neighbour, .source]
    let reasons: Set<DropReason> = ["NEIGH_FAILED", "NEIGH_QUEUEFULL", "NOT_SPECIFIED", "OTHERHOST", "IP_RPFILTER"]
    let traits: ObstacleTraits = .stopsEveryFrame

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .transmit(let step): asking(step).map { [.candidate(misplaced($0, step.link, step.namespace))] } ?? []
        case .neighbour(let step):
            step.misplaced(surroundings.topology).map { [.candidate(misplaced($0.address, $0.link, $0.namespace))] }
                ?? []
        case .source(let step):
            step.reversePath?.port.map { [.candidate(misplaced($0.address, $0.link, step.namespace))] } ?? []
        default: []
        }
    }

    /// The address from which a port asks for its neighbour: the answer goes to the bridge, not to the port.
    private func asking(_ step: TransmitStep) -> IPPrefix? {
        let (namespace, link, choice) = (step.namespace, step.link, step.choice)
        guard link.isBridgePort(of: namespace), choice.kind == .unicast,
            !namespace.isResolved(choice.gateway ?? step.packet.destination, on: link.name)
        else { return nil }
        return choice.preferredSource.flatMap { source in link.addresses.first { $0.address == source } }
            ?? link.addresses.first { $0.contains(step.packet.destination) }
    }

    private func misplaced(_ address: IPPrefix, _ link: Link, _ namespace: Namespace) -> Candidate {
        let master = link.master ?? "the bridge"
        return candidate(
            at: Finding.Place(namespace: namespace.name, device: link.name),
            "\(address) is configured on \(link.name) in \(namespace.name), a port of the bridge \(master): frames arriving there go to the bridge, so nothing answers for \(address.address); configure the address on \(master)",
            evidence: [.state("\(address) on \(link.name), master \(master), in \(namespace.name)")],
            remedy: Self.remedy(address, link, namespace))
    }

    /// Moves the address to the bridge.
    static func remedy(_ address: IPPrefix, _ link: Link, _ namespace: Namespace) -> Remedy {
        let master = link.master ?? "the bridge"
        let isDown = namespace[device: master]?.isUp == false
        return Remedy(
            (isDown ? [.ip(namespace, "link set \(master) up")] : []) + [
                .ip(namespace, "addr del \(address) dev \(link.name)"),
                .ip(namespace, "addr add \(address) dev \(master)"),
            ])
    }
}

extension NeighbourStep {
    /// The port of a bridge on which the next hop's namespace has its address, where that is why it does not answer.
    func misplaced(_ topology: Topology) -> (address: IPPrefix, link: Link, namespace: Namespace)? {
        guard !isKnown, let name = holders.first?.end.namespace, let namespace = topology[namespace: name] else {
            return nil
        }
        for link in namespace.links where link.isBridgePort(of: namespace) {
            guard let prefix = link.addresses.first(where: { $0.address == hop }) else { continue }
            // Where the bridge has it as well, it answers.
            let master = link.master.flatMap { namespace[device: $0] }
            if master?.addresses.contains(where: { $0.address == hop }) == true { continue }
            return (prefix, link, namespace)
        }
        return nil
    }
}

extension Link {
    func isBridgePort(of namespace: Namespace) -> Bool {
        master.flatMap { namespace[device: $0] }?.kind == .bridge
    }
}
