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
        let what =
            choice.route.map { "the route \(choice.kind ?? "") \($0.destinationText)" }
            ?? choice.rule.map { "the rule \($0.text)" } ?? "a \(choice.kind ?? "") route"
        return stops(
            at: Finding.Place(namespace: name, device: step.inDevice),
            "\(what) in \(name) discards packets to \(step.packet.destination)",
            evidence: [Fact(choice.evidence, choice.text)], remedy: Remedy(ifAny: removal(step)))
    }

    private func removal(_ step: RouteStep) -> [RemedyAction] {
        let (choice, family) = (step.choice, step.packet.destination.family)
        if let route = choice.route {
            let table = choice.table.map { $0 == 254 ? "" : "table \($0)" } ?? CommandWords()
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
