internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Strict source validation: the packet came in by another device than the route back to its source uses.
struct ReversePathFilter: Obstacle {
    let code: FindingCode = "reverse-path-filter"
    let steps: Set<PathStep.Kind> = [.source]
    let reasons: Set = ["IP_RPFILTER"]
    let traits: ObstacleTraits = [.stopsEveryFrame, .stopsAfterArrival]

    func words(for reason: String, _ packet: PacketState) -> String? {
        reasons.contains(reason) ? "the reverse path check failed for the source \(packet.source)" : nil
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .source(let step) = step else { return [] }
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
        let hasRoute = check.back.kind != nil
        let back =
            hasRoute ? "the route back to \(source) is \(check.back.text)" : "there is no route back to \(source)"
        let key = "net.ipv4.conf.DEVICE.rp_filter"
        return stops(
            at: Finding.Place(namespace: namespace.name, device: device),
            "\(check.mode == 1 ? "strict" : "loose") reverse path check on \(device) in \(namespace.name): \(hasRoute ? "the route back to \(source) uses another interface (\(check.back.text))" : back)",
            evidence: [
                .state("net.ipv4.conf.\(check.setter).rp_filter = \(check.mode) in \(namespace.name)"),
                Fact(check.back.evidence, back),
            ],
            // The loose mode still asks for a route to the source.
            remedy: Remedy(
                hasRoute
                    ? [.sysctl(namespace, key, device: device, "2")]
                    : [
                        .sysctl(namespace, key, device: "all", "0"),
                        .sysctl(namespace, key, device: device, "0"),
                    ]))
    }
}
