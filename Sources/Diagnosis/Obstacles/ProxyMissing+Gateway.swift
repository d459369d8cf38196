internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A gateway that nobody has, on a link whose one other end would have to reply in its place: a container that has its own
/// address alone, and whose default route names an address that is only a name for "whoever is at the other end".
struct ProxiedGateway: Sendable {
    var gateway: IPAddress
    var router: Namespace
    var device: String

    init?(_ step: NeighbourStep, _ surroundings: Surroundings) {
        guard case .nobody = step.resolution, let gateway = step.choice.gateway, gateway.isIPv4, !step.hasOutside,
            step.holders.isEmpty, step.silences.isEmpty, step.elsewhere(surroundings.topology).isEmpty
        else { return nil }
        let own = step.link.addresses.filter { $0.address.family == gateway.family }
        guard !own.isEmpty, own.allSatisfy({ $0.length == gateway.bitWidth }) else { return nil }
        let ends = surroundings.context.graph.segment(out: step.link.name, of: step.namespace.name).paths.filter {
            !$0.isOutside && $0.end.namespace != step.namespace.name
        }
        guard ends.count == 1, let end = ends.first?.end,
            let router = surroundings.topology[namespace: end.namespace],
            router.settings.forwarding(device: end.device, gateway.family)?.isOn == true,
            router.settings.proxiesNeighbors(device: end.device, gateway.family)?.isOn != true
        else { return nil }
        let onward = router.lookUpRoute(
            to: step.packet.destination, source: step.packet.source, mark: 0, inDevice: end.device)
        guard onward.kind == .local || onward.kind == .unicast && onward.device != end.device else { return nil }
        self.gateway = gateway
        self.router = router
        device = end.device
    }
}

extension ProxyMissing {
    func unreplied(_ found: ProxiedGateway, _ step: NeighbourStep) -> [Judgement] {
        let (name, router, gateway) = (step.namespace.name, found.router.name, found.gateway)
        return stops(
            at: Finding.Place(namespace: router, device: found.device),
            "nobody has the gateway \(gateway) of \(name), so \(router), the other end of \(step.link.name), would have to reply to ARP in its place on \(found.device): \(Self.setting(of: found.router, found.device, gateway))",
            evidence: [step.fact, Fact(step.choice.evidence, "\(step.choice.text) in \(name)")],
            remedy: Remedy([.sysctl(found.router, "net.ipv4.conf.DEVICE.proxy_arp", device: found.device, "1")]))
    }
}
