internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A route takes the packet away from its destination: to another link than the one that the destination is on, or to a
/// link that has the destination's network while the destination is elsewhere.
struct WrongRoute: Obstacle {
    let code: FindingCode = "wrong-route"
    let steps: Set<PathStep.Kind> = [.neighbour, .socket]
    let reasons = NeighborUnresolved.dropReasons
    let traits: ObstacleTraits = .isElsewhere

    /// A namespace that sends on a packet whose destination is on another of its links.
    struct Turn: Sendable {
        var namespace: Namespace
        var packet: PacketState
        var choice: RouteChoice
        /// By which the packet left, or would.
        var device: String
        var attachment: Attachment
    }

    func candidate(_ turn: Turn, fact: Fact?, isCertain: Bool) -> Candidate {
        let (namespace, choice, attachment) = (turn.namespace, turn.choice, turn.attachment)
        let (name, destination) = (namespace.name, turn.packet.destination)
        let main = namespace.bestRoute(to: destination, table: .main)
        let isInMain = main?.device == attachment.device && choice.table != .main
        let rule = choice.rule.flatMap { $0.isDefault ? nil : $0 }
        let why: String
        let action: RemedyAction
        if isInMain, let rule, let main {
            let place: CommandWords = rule.priority > 1 ? "priority \(rule.priority - 1)" : ""
            why =
                "the rule \"\(rule.text)\" comes before the table main, which has \(main.destinationText) dev \(attachment.device)"
            action = .ip(
                namespace, destination.family, "rule add to \(destination) lookup main \(words: place)")
        } else {
            why = "\(name) has no route to it there"
            action = attachment.route(to: destination, of: namespace, table: choice.table ?? .main)
        }
        var evidence: [Fact] = [
            Fact(choice.evidence, "route in \(name) to \(destination): \(choice.text)"),
            .state("\(destination) is configured on \(attachment.holderDevice) in \(attachment.holder.name)"),
        ]
        if let rule { evidence.append(.state("ip rule \(rule.text) in \(name)")) }
        return candidate(
            at: Finding.Place(namespace: name, device: turn.device),
            "\(name) sends packets to \(destination) by \(turn.device) (\(choice.text)), but \(destination) is that of \(attachment.holder.name), on the link of \(attachment.device) in \(name): \(why)",
            evidence: evidence + (fact.map { [$0] } ?? []), remedy: Remedy([action]), isCertain: isCertain, reasons: [])
    }

    // MARK: A network that covers what is elsewhere

    /// Nobody on the link has the address, which a wider route would lead to.
    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        if case .socket(let step) = step { return takenForOwn(step, surroundings) }
        guard case .neighbour(let step) = step, let cover = Cover(step, surroundings), let wider = cover.wider,
            cover.isReached, ProxyMissing.Router(step, surroundings) == nil,
            WrongNetmask.prefixes(step, surroundings.context.graph) == nil
        else { return [] }
        let (namespace, hop) = (step.namespace, step.hop)
        let through = wider.gateway.map { "via \($0) " } ?? ""
        let target = "\(hop)/\(hop.bitWidth)"
        let via: CommandWords = wider.gateway.map { "via \($0)" } ?? ""
        return stops(
            at: Finding.Place(namespace: namespace.name, device: step.link.name),
            "\(cover.route.destinationText) on \(step.link.name) in \(namespace.name) covers \(hop), which nobody on that link has: the route \(wider.destinationText) \(through)dev \(wider.device ?? "") would lead to it",
            evidence: [
                step.fact, Fact(step.choice.evidence, step.choice.text),
                .state("\(hop) is configured in \(step.elsewhere(surroundings.topology).joined(separator: ", "))"),
            ],
            remedy: Remedy([
                .ip(namespace, hop.family, "route add \(target) \(words: via) dev \(wider.device ?? "")")
            ]), isCertain: !step.hasOutside)
    }

    /// A route without a gateway that covers a next hop whom nobody on its link answers for.
    struct Cover {
        var route: Route
        /// The route by another device that would be taken without it; nil where there is none.
        var wider: Route?
        /// Whether a packet would arrive by the wider route.
        var isReached = false

        init?(_ step: NeighbourStep, _ surroundings: Surroundings) {
            guard case .nobody = step.resolution, step.choice.gateway == nil, let route = step.choice.route,
                step.silences.isEmpty, step.holders.isEmpty
            else { return nil }
            self.route = route
            let namespace = step.namespace
            wider = namespace.routes.filter {
                $0 != route && $0.table == route.table && $0.kind == .unicast && $0.destination.contains(step.hop)
                    && $0.destination.length <= route.destination.length && $0.device != nil
                    && ($0.gateway != nil || $0.device != step.link.name)
            }.max { ($0.destination.length, .max - $0.metric) < ($1.destination.length, .max - $1.metric) }
            guard let wider else { return }
            var inputs = surroundings.inputs
            inputs.overrides[namespace.name] = RouteChoice(
                kind: .unicast, table: wider.table, device: wider.device, gateway: wider.gateway, route: wider)
            let path = ForwardPath(of: step.packet, from: .send(namespace: namespace.name), inputs)
            if case .delivered(let end) = path.end, end != namespace.name,
                surroundings.topology[namespace: end]?.holds(step.hop) == true
            {
                isReached = true
            }
            // That it may be on another link, or behind a router of this one, is said where it is seen there.
            if !isReached, wider.gateway == nil || wider.device == step.link.name { self.wider = nil }
        }

        /// What is said where it is not known that the wider route leads there.
        func words(_ step: NeighbourStep, _ surroundings: Surroundings) -> String {
            let name = step.namespace.name
            if route.destination.length == 0, route.origin != .kernel {
                return
                    "; the default route of \(name) has no gateway (\(step.choice.text)), so that every address is looked for on that link"
            }
            // On a link that leads on, the one that is asked for may just be down.
            guard let wider, !step.hasOutside || route.origin != .kernel else { return "" }
            let through = wider.gateway.map { "via \($0) " } ?? ""
            return
                "; if \(step.hop) is elsewhere, \(route.destinationText) on \(step.link.name) covers it, and \(wider.destinationText) \(through)dev \(wider.device ?? "") is not taken"
        }
    }
}
