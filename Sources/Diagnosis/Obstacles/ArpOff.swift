internal import Network
internal import WalkModel
internal import Wire

/// A device has ARP switched off (`ip link set arp off`): its namespace neither asks for a neighbour nor replies.
struct ArpOff: Obstacle {
    let code: FindingCode = "arp-off"
    let steps: Set<PathStep.Kind> = [.neighbour, .stray]
    let reasons = NeighborUnresolved.dropReasons.union(["OTHERHOST"])
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step else { return [] }
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
