internal import Observations
internal import Ruleset
internal import Wire
internal import Network
internal import WalkModel

/// A route or rule of kind `blackhole`, `unreachable` or `prohibit` covers the destination.
struct BlackholeRoute: Obstacle {
    let code: FindingCode = "blackhole-route"
    let steps: Set<PathStep.Kind> = [.route]
    let reasons: Set<DropReason> = [
        "IP_INNOROUTES", "IP_INADDRERRORS", "IP_OUTNOROUTES", "DST_BLACKHOLE", "IP_INHDR", "NOT_SPECIFIED",
    ]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .route(let step) = step, step.choice.isDiscarding else { return [] }
        let (choice, name) = (step.choice, step.namespace.name)
        let destination = step.packet.destination
        let isWider = choice.route.map { $0.destination.length < destination.bitWidth } ?? false
        let attachment = isWider ? Attachment(of: destination, to: step.namespace, surroundings.context.graph) : nil
        let what =
            choice.route.map { route in
                "the route \(choice.kind ?? "") \(route.destinationText)\(route.nextHopIdentifier.map { " (by the next hop object \($0))" } ?? "")"
            }
            ?? choice.rule.map { "the rule \($0.text)" } ?? "a \(choice.kind ?? "") route"
        return stops(
            at: Finding.Place(namespace: name, device: step.inDevice),
            "\(what) in \(name) discards packets to \(step.packet.destination)\(attachment.map { words($0, step) } ?? "")",
            evidence: [Fact(choice.evidence, choice.text)],
            // Where the destination is a neighbour, it is its own route that is missing.
            remedy: Remedy(
                ifAny: attachment.map {
                    [$0.route(to: step.packet.destination, of: step.namespace, table: choice.table ?? .main)]
                } ?? removal(step)))
    }

    /// A sender's EACCES, where a routing rule refuses packets of some users: whose the packet was is not read.
    func refused(_ failure: SendFailure, _ stop: StoppedPacket) -> Candidate? {
        guard let namespace = stop.context.topology[namespace: failure.namespace] else { return nil }
        let packet = stop.packet
        let rules = namespace.userRules(for: packet).filter { $0.action.refusal == .prohibit }
        guard let rule = rules.first else { return nil }
        return candidate(
            at: Finding.Place(namespace: namespace.name),
            "the rule \(rule.text) in \(namespace.name) refuses what its users send to \(packet.destination)",
            evidence: [.state("ip rule \(rule.text) in \(namespace.name)")],
            remedy: Remedy([.ip(namespace, packet.destination.family, "rule del priority \(rule.priority)")]),
            isCertain: rules.count == 1, reasons: [])
    }

    private func words(_ attachment: Attachment, _ step: RouteStep) -> String {
        let (name, destination) = (step.namespace.name, step.packet.destination)
        let other = step.namespace.bestRoute(to: destination, table: .main)
        if let table = step.choice.table, table != .main, let rule = step.choice.rule,
            other?.device == attachment.device
        {
            return
                ", which \(attachment.holder.name) has, on the link of \(attachment.device) in \(name): the rule \"\(rule.text)\" leads to table \(table), which has no route to it there, while main has one"
        }
        return
            ", which \(attachment.holder.name) has, on the link of \(attachment.device) in \(name): \(name) has no route to it there"
    }

    private func removal(_ step: RouteStep) -> [RemedyAction] {
        let (choice, family) = (step.choice, step.packet.destination.family)
        if let route = choice.route {
            let table = choice.table.map { $0 == 254 ? "" : "table \($0)" } ?? CommandWords()
            // A next hop object's kind is its own, and the route is one by it.
            if let object = route.nextHopIdentifier {
                return [
                    .ip(
                        step.namespace, family,
                        "route del \(route.destinationText) nhid \(object) \(words: table)")
                ]
            }
            let hasMetric = choice.kind == .blackhole && route.metric > 0 && family == .ipv4
            let metric: CommandWords = hasMetric ? "metric \(route.metric)" : ""
            return [
                .ip(
                    step.namespace, family,
                    "route del \(choice.kind ?? "") \(route.destinationText) \(words: table) \(words: metric)")
            ]
        }
        return choice.rule.map { [.ip(step.namespace, family, "rule del priority \($0.priority)")] } ?? []
    }
}

extension Namespace {
    /// Routing rules that ask for the user of the sending socket, and that the packet meets in what else they ask.
    func userRules(for packet: PacketState) -> [RoutingRule] {
        rules.filter { rule in
            rule.selectors?.users != nil && rule.covers(packet.destination.family)
                && rule.destination?.contains(packet.destination) != false
                && (packet.source.isUnspecified || rule.source?.contains(packet.source) != false)
        }
    }
}
