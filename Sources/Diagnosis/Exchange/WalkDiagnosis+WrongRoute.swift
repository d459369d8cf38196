internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// Whether a namespace sends a packet away from where its destination is.
extension WalkDiagnosis {
    private typealias Turn = WrongRoute.Turn

    /// - Parameters:
    ///   - reading: of a request or a reply.
    ///   - request: the walk that this one answers.
    ///   - routers: the namespaces that it would come to after it was last seen.
    ///   - cause: what stops it there.
    func wrongRoute(
        _ reading: WalkReading, request: WalkReading?, routers: [ForwardPath.Router] = [], cause: Candidate? = nil
    ) -> Candidate? {
        var inputs = inputs(request ?? reading, isReply: request != nil)
        inputs.requestPassed = request?.namespaces
        let isTunnelled = reading.sightings.contains { $0.packet.encapsulation != nil }
        if !isTunnelled {
            for stay in reading.stays() {
                guard let device = stay.outDevice else { continue }
                let choice = inputs.route(stay.exit, stay.namespace, inDevice: stay.inDevice)
                guard choice.device == device, let turn = turn(stay.namespace, stay.exit, choice, device) else {
                    continue
                }
                return WrongRoute().candidate(turn, fact: fact(of: cause), isCertain: isComplete)
            }
        }
        // A rule that ends it comes before what would become of it later.
        guard cause?.finding.rule == nil else { return nil }
        for router in routers {
            guard let namespace = topology[namespace: router.namespace], let device = router.choice.device,
                let turn = turn(namespace, router.packet, router.choice, device)
            else { continue }
            return WrongRoute().candidate(turn, fact: fact(of: cause), isCertain: true)
        }
        return nil
    }

    /// Whether the route was not made for the destination: a default route, or one of a wider network than that of the link
    /// that it is on, or one that a rule of policy routing leads to.
    private func isWider(
        _ choice: RouteChoice, than attachment: Attachment, _ destination: IPAddress, _ namespace: Namespace
    ) -> Bool {
        guard let route = choice.route else { return true }
        let own = namespace[device: attachment.device]?.addresses.filter { $0.length > 0 && $0.contains(destination) }
        let length = own?.map(\.length).max() ?? destination.bitWidth
        return route.destination.length < length
    }

    private func fact(of cause: Candidate?) -> Fact? { cause.map { .state("on that path: \($0.finding.message)") } }

    private func turn(
        _ namespace: Namespace, _ packet: PacketState, _ choice: RouteChoice, _ device: String
    ) -> Turn? {
        guard choice.kind == .unicast, !namespace.holds(packet.destination),
            namespace[device: device]?.kind != .loopback,
            let attachment = Attachment(of: packet.destination, to: namespace, context.graph),
            attachment.device != device, isWider(choice, than: attachment, packet.destination, namespace)
        else { return nil }
        // Where both links lead to the holder, either will do.
        let others = context.graph.segment(out: device, of: namespace.name).paths
        if others.contains(where: { $0.end.namespace == attachment.holder.name }) { return nil }
        return Turn(
            namespace: namespace, packet: packet, choice: choice, device: device, attachment: attachment)
    }
}
