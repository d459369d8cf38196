internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A broadcast to all of another network: the router that has this network takes it for itself, and sends it on only where
/// `bc_forwarding` is set for all devices and for the one that it came in by (ip_route_input_slow; RFC 2644).
struct BroadcastNotForwarded: Obstacle {
    let code: FindingCode = "broadcast-not-forwarded"
    let steps: Set<PathStep.Kind> = [.socket]
    let traits: ObstacleTraits = [.concernsDatagram, .explainsSilence, .isSilent]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, let link = step.broadcastLink else { return [] }
        let (namespace, device, destination) = (step.namespace, step.device, step.packet.destination)
        let key = "net.ipv4.conf.DEVICE.bc_forwarding"
        return stops(
            at: Finding.Place(namespace: namespace.name, device: device),
            "\(destination) is the broadcast address of \(link.name) in \(namespace.name): \(namespace.name) took the packet that came in by \(device) for itself and did not send it on by \(link.name) (directed broadcasts are forwarded only where bc_forwarding is 1 for all devices and for \(device))",
            evidence: [
                .state(
                    "\(link.addresses.first { $0.broadcast == destination }.map(\.description) ?? "") on \(link.name) in \(namespace.name)"
                )
            ],
            remedy: Remedy([
                .sysctl(namespace, key, device: "all", "1"), .sysctl(namespace, key, device: device, "1"),
            ]), isCertain: step.matching.isEmpty, reasons: ["NO_SOCKET", "NOT_SPECIFIED"])
    }
}

extension SocketStep {
    /// The device whose network's broadcast address the packet is for, where it came in by another one.
    var broadcastLink: Link? {
        guard packet.destination.isIPv4, !device.isEmpty, namespace[device: device]?.kind != .loopback else {
            return nil
        }
        let own = namespace[device: device]
        if own?.addresses.contains(where: { $0.broadcast == packet.destination }) == true { return nil }
        return namespace.links.first { link in
            link.name != device && link.addresses.contains { $0.broadcast == packet.destination && $0.length < 31 }
        }
    }
}
