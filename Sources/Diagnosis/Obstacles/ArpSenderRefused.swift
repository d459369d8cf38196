internal import Network
internal import WalkModel
internal import Wire

/// The next hop has the address and does not reply, because of the address from which it is asked: ARP requests are
/// checked as packets from that source are (`fib_validate_source`).
struct ArpSenderRefused: Obstacle {
    let code: FindingCode = "arp-sender-refused"
    let steps: Set<PathStep.Kind> = [.neighbour]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = [.stopsNeighbourDiscovery, .isElsewhere]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .neighbour(let step) = step, let asker = step.asker else { return [] }
        return step.silences.compactMap { respondent, silence in
            let (namespace, device) = (respondent.namespace, respondent.path.end.device)
            switch silence {
            case .reversePath(let check):
                return refused(
                    step, respondent,
                    "the reverse path check refuses requests from \(asker) (net.ipv4.conf.\(check.setter).rp_filter = \(check.mode)): \(check.back.kind == nil ? "there is no route back to \(asker)" : "the route back to \(asker) is \(check.back.text)")",
                    evidence: .state("net.ipv4.conf.\(check.setter).rp_filter = \(check.mode) in \(namespace.name)"),
                    [loosened(namespace, device, check)])
            case .impossibleSender:
                let why =
                    asker.isLoopback
                    ? "a loopback address, from which no packet may come by a link; the packet needs another source (MASQUERADE)"
                    : namespace.holds(asker) ? "its own address there" : "no address that a packet may come from"
                return refused(
                    step, respondent, "the request names \(asker) as its sender, and that is \(why)",
                    evidence: .state("arp_announce is \(step.announce) in \(step.namespace.name)"),
                    // A packet from a loopback address is refused as its ARP request is.
                    asker.isLoopback
                        ? []
                        : [.sysctl(step.namespace, "net.ipv4.conf.DEVICE.arp_announce", device: step.link.name, "2")])
            default: return nil
            }
        }
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

    /// The loose mode still asks for a route to the source.
    private func loosened(_ namespace: Namespace, _ device: String, _ check: ReversePath) -> RemedyAction {
        check.back.kind == nil
            ? .sysctl(namespace, "net.ipv4.conf.DEVICE.rp_filter", device: check.setter, "0")
            : .sysctl(namespace, "net.ipv4.conf.DEVICE.rp_filter", device: device, "2")
    }
}

extension NeighbourStep {
    fileprivate var announce: Int { namespace.settings.arpAnnounce(device: link.name)?.number ?? 0 }
}
