internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A device has ARP switched off (`ip link set arp off`): its namespace neither asks for a neighbour nor replies.
struct ArpOff: Obstacle {
    let code: FindingCode = "arp-off"
    let steps: Set<PathStep.Kind> = [.neighbour, .stray]
    let reasons = NeighborUnresolved.dropReasons.union(["OTHERHOST"])
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere, .stopsAfterArrival]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .neighbour(let step): examine(step)
        case .stray(let step):
            surroundings.senders(of: step).prefix(1).map {
                .candidate(off($0.link, $0.namespace, Self.effect, .seen("a frame to its own address \(step.mac)")))
            }
        default: []
        }
    }

    private static let effect = "it asks for no neighbour and sends to its own MAC address, so nobody takes the frames"

    private func examine(_ step: NeighbourStep) -> [Judgement] {
        if case .stray = step.resolution, step.entry == nil, step.link.hasARPOff {
            return [.candidate(off(step.link, step.namespace, Self.effect, step.fact))]
        }
        return step.silences.compactMap { respondent, silence in
            guard case .noARP = silence, let link = respondent.namespace[device: respondent.path.end.device] else {
                return nil
            }
            return .candidate(off(link, respondent.namespace, "it does not reply for \(step.hop)", step.fact))
        }
    }

    private func off(_ link: Link, _ namespace: Namespace, _ effect: String, _ fact: Fact) -> Candidate {
        candidate(
            at: Finding.Place(namespace: namespace.name, device: link.name),
            "ARP is off on \(link.name) in \(namespace.name) (NOARP): \(effect)",
            evidence: [.state("\(link.name) in \(namespace.name): NOARP"), fact],
            remedy: Remedy([.ip(namespace, "link set dev \(link.name) arp on")]))
    }
}

extension Surroundings {
    /// The devices without ARP that sent a frame to their own address.
    fileprivate func senders(of step: StrayStep) -> [Holder] {
        guard step.packet.macSource == step.mac else { return [] }
        return context.graph.devices(mac: step.mac).map {
            Holder(namespace: context.graph.namespace(of: $0), link: context.graph[$0])
        }
        .filter(\.link.hasARPOff)
    }
}
