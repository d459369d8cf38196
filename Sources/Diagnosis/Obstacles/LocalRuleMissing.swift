internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// No routing rule leads to the table `local`, so a namespace does not know its own addresses: it neither takes packets
/// for them nor replies to ARP.
struct LocalRuleMissing: Obstacle {
    let code: FindingCode = "local-rule-missing"
    let steps: Set<PathStep.Kind> = [.neighbour, .forwarding]
    let reasons = NeighborUnresolved.dropReasons.union(ForwardingDisabled.dropReasons)
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .neighbour(let step):
            step.silences.compactMap { respondent, silence in
                guard case .noLocalRule(let choice) = silence else { return nil }
                return .candidate(
                    missing(step.hop, respondent.namespace, respondent.path.end.device, choice, step.fact))
            }
        case .forwarding(let step):
            step.namespace.holds(step.packet.destination) && step.choice.kind != .local && !step.choice.isKernelAnswer
                ? [.candidate(missing(step.packet.destination, step.namespace, step.device, step.choice, nil))] : []
        default: []
        }
    }

    private func missing(
        _ address: IPAddress, _ namespace: Namespace, _ device: String, _ choice: RouteChoice, _ fact: Fact?
    ) -> Candidate {
        let rules = namespace.rules.filter { $0.covers(address.family) }
        let name = namespace.name
        // A rule for the table that comes too late is not missing.
        let isThere = rules.contains { $0.table == .local && $0.action == .lookup }
        let why =
            isThere
            ? "another rule than that for the table local decides about it (\(choice.rule?.text ?? choice.text))"
            : "no rule leads to the table local (\(rules.map(\.text).joined(separator: "; ")))"
        return candidate(
            at: Finding.Place(namespace: name, device: device),
            "\(name) does not recognise its own address \(address): \(why), so it neither takes packets for it nor replies for it",
            evidence: [.state("routing rules in \(name): \(rules.map(\.text).joined(separator: "; "))"), fact]
                .compactMap(
                    \.self),
            remedy: Remedy([.ip(namespace, address.family, "rule add priority 0 lookup local")]))
    }
}
