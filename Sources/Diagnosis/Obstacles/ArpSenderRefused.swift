internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// The next hop has the address and does not reply, because of the address from which it is asked: no packet may come from
/// it (127.0.0.1), or it is the next hop's own (`fib_validate_source`). `ReversePathFilter` knows what `rp_filter` refuses.
struct ArpSenderRefused: Obstacle {
    let code: FindingCode = "arp-sender-refused"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step, let asker = step.asker else { return [] }
        return step.silences.compactMap { respondent, silence in
            guard case .impossibleSender = silence else { return nil }
            let why =
                asker.isLoopback
                ? "a loopback address"
                : respondent.namespace.holds(asker) ? "its own address there" : "no host's address"
            // The packet itself meets the same check.
            let isPackets = asker == step.packet.source
            return refused(
                step, respondent,
                "the request names \(asker) as its sender, and that is \(why), from which no packet may come\(isPackets ? "; the packet needs another source (MASQUERADE)" : "")",
                evidence: .state("arp_announce is \(step.announce) in \(step.namespace.name)"),
                isPackets
                    ? translation(step)
                    : [.sysctl(step.namespace, "net.ipv4.conf.DEVICE.arp_announce", device: step.link.name, "2")])
        }
    }

    /// A source for what is sent here from an address that only the sender itself may use.
    private func translation(_ step: NeighbourStep) -> [RemedyAction] {
        guard step.packet.source.isLoopback else { return [] }
        return SourceTranslation.actions(
            for: step.packet.source.isIPv4 ? "127.0.0.0/8" : step.packet.source.description,
            leavingBy: step.link.name, of: step.namespace)
    }

    private func refused(
        _ step: NeighbourStep, _ respondent: NeighbourStep.Respondent, _ why: String, evidence: Fact,
        _ actions: [RemedyAction]
    ) -> Judgement {
        let (namespace, device) = (respondent.namespace.name, respondent.path.end.device)
        return .candidate(
            candidate(
                at: Finding.Place(namespace: namespace, device: device),
                "\(namespace) has \(step.hop) and does not reply to the ARP requests of \(step.namespace.name) for it on \(device): \(why)",
                evidence: [evidence, step.fact], remedy: actions.isEmpty ? nil : Remedy(actions),
                isCertain: !step.hasOutside))
    }
}

extension NeighbourStep {
    fileprivate var announce: Int { namespace.settings.arpAnnounce(device: link.name)?.number ?? 0 }
}
