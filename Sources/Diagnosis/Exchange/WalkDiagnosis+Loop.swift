internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Whether a packet goes round in a circle.
extension WalkDiagnosis {
    /// - Parameters:
    ///   - path: ahead of where it was last seen.
    ///   - cause: what ended it.
    func routingLoop(
        _ reading: WalkReading, _ path: ForwardPath, _ candidates: [Candidate], cause: Candidate?
    ) -> Candidate? {
        guard let cause, cause.finding.rule == nil else { return nil }
        // A tunnel that leads back to its own sender says more than the TTL that it used up.
        if cause.finding.code == TTLExpired().code,
            let tunnel = candidates.first(where: { $0.isCertain && $0.finding.code == VXLANUnreachable().code })
        {
            return tunnel
        }
        if let circle = circle(of: passed(reading)) { return candidate(circle, cause, isSeen: true) }
        guard cause.finding.code == TTLExpired().code, let circle = circle(of: path.routers) else { return nil }
        return candidate(circle, cause, isSeen: false)
    }

    private func candidate(_ circle: [ForwardPath.Router], _ cause: Candidate, isSeen: Bool) -> Candidate {
        let holder = context.graph.namespaces(holding: circle[0].packet.destination).first?.name
        return RoutingLoop().candidate(circle, holder: holder, end: cause, isSeen: isSeen)
    }

    /// The namespaces that sent it on, and the one that it was last seen to come to, with what its route would be.
    private func passed(_ reading: WalkReading) -> [ForwardPath.Router] {
        if reading.sightings.contains(where: { $0.packet.encapsulation != nil }) { return [] }
        let inputs = inputs(reading)
        let stays = reading.stays()
        return stays.enumerated().compactMap { index, stay in
            guard index + 1 == stays.count || stay.outDevice != nil else { return nil }
            let choice = inputs.route(stay.exit, stay.namespace, inDevice: stay.inDevice)
            return ForwardPath.Router(
                namespace: stay.namespace.name, inDevice: stay.inDevice, choice: choice, packet: stay.exit)
        }
    }

    /// From a namespace to where the packet is in it again, with the same route before it.
    private func circle(of routers: [ForwardPath.Router]) -> [ForwardPath.Router]? {
        for (end, last) in routers.enumerated() {
            guard last.choice.kind == .unicast, let device = last.choice.device else { continue }
            let start = routers[..<end].firstIndex {
                $0.namespace == last.namespace && $0.choice.device == device && $0.choice.gateway == last.choice.gateway
                    && $0.packet.destination == last.packet.destination
            }
            guard let start else { continue }
            var circle = Array(routers[start..<end])
            circle[0].inDevice = last.inDevice
            return circle
        }
        return nil
    }
}
