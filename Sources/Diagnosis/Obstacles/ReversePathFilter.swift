internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Strict source validation: the packet came in by another device than the route back to its source uses.
struct ReversePathFilter: Obstacle {
    let code: FindingCode = "reverse-path-filter"
    let steps: Set<PathStep.Kind> = [.source, .neighbour]
    let reasons: Set<DropReason> = ["IP_RPFILTER"]
    let traits: ObstacleTraits = [.stopsEveryFrame, .stopsAfterArrival]

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        reasons.contains(reason) ? "the reverse path check failed for the source \(packet.source)" : nil
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        switch step {
        case .source(let step): examine(step, surroundings)
        case .neighbour(let step): asked(step, surroundings)
        default: []
        }
    }

    private func examine(_ step: ReceiveStep, _ surroundings: Surroundings) -> [Judgement] {
        let (namespace, device, source) = (step.namespace, step.device, step.packet.source)
        if step.isReversePathOff { return [.passed("rp_filter is off for \(device) in \(namespace.name)")] }
        guard let check = step.reversePath, check.port == nil else { return [] }
        if check.isPassed {
            return [
                .passed(
                    "rp_filter = \(check.mode) for \(device) in \(namespace.name): the route back to \(source) is \(check.back.text)"
                )
            ]
        }
        return [.candidate(failed(check, source, namespace, device, surroundings))]
    }

    /// An ARP request is checked as a packet from the asker's address is (arp_process, ip_route_input).
    private func asked(_ step: NeighbourStep, _ surroundings: Surroundings) -> [Judgement] {
        guard let asker = step.asker else { return [] }
        return step.silences.compactMap { respondent, silence in
            guard case .reversePath(let check) = silence, check.port == nil else { return nil }
            var found = failed(
                check, asker, respondent.namespace, respondent.path.end.device, surroundings)
            found.finding.message += ", so ARP requests from \(asker) for \(step.hop) get no reply either"
            found.finding.evidence.append(step.fact)
            found.reasons = NeighborUnresolved.dropReasons
            found.isCertain = !step.hasOutside
            return .candidate(found.with([.stopsNeighbourDiscovery, .isElsewhere]))
        }
    }

    private func failed(
        _ check: ReversePath, _ source: IPAddress, _ namespace: Namespace, _ device: String,
        _ surroundings: Surroundings
    ) -> Candidate {
        let hasRoute = check.back.kind != nil
        let back =
            hasRoute ? "the route back to \(source) is \(check.back.text)" : "there is no route back to \(source)"
        let key = "net.ipv4.conf.DEVICE.rp_filter"
        return candidate(
            at: Finding.Place(namespace: namespace.name, device: device),
            "\(check.mode == 1 ? "strict" : "loose") reverse path check on \(device) in \(namespace.name): \(hasRoute ? "the route back to \(source) uses another interface (\(check.back.text))" : back)",
            evidence: [
                .state("net.ipv4.conf.\(check.setter).rp_filter = \(check.mode) in \(namespace.name)"),
                Fact(check.back.evidence, back),
            ],
            // The loose mode still asks for a route to the source.
            remedy: rightRoute(check, source, namespace, device, surroundings)
                ?? Remedy(
                    hasRoute
                        ? [.sysctl(namespace, key, device: device, "2")]
                        : [
                            .sysctl(namespace, key, device: "all", "0"),
                            .sysctl(namespace, key, device: device, "0"),
                        ]))
    }

    /// The source is at the other end of the device that its packet came in by, and its own route leads to another link, on
    /// which nobody has it: not the check is wrong, but the route, by which replies are lost as well.
    private func rightRoute(
        _ check: ReversePath, _ source: IPAddress, _ namespace: Namespace, _ device: String,
        _ surroundings: Surroundings
    ) -> Remedy? {
        guard let route = check.back.route, route.destination.length == source.bitWidth, let other = route.device,
            route.gateway == nil, route.table == .main,
            let attachment = Attachment(of: source, to: namespace, surroundings.context.graph),
            attachment.device == device
        else { return nil }
        let paths = surroundings.context.graph.segment(out: other, of: namespace.name).paths
        let leads = paths.contains { path in
            path.isOutside || surroundings.topology[namespace: path.end.namespace]?.holds(source) == true
        }
        if leads { return nil }
        return Remedy([.ip(namespace, source.family, "route replace \(source) dev \(device)")])
    }
}
