internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel

/// What a namespace sends to its own addresses goes through `lo`, which is down in a new namespace.
struct LoopbackDown: Obstacle {
    let code: FindingCode = "loopback-down"
    let steps: Set<PathStep.Kind> = [.route]
    let reasons: Set<DropReason> = ["DEV_READY"]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .route(let step) = step, step.inDevice == nil, step.choice.kind == .local,
            let loopback = step.namespace.loopback, !loopback.isUp
        else { return [] }
        let name = step.namespace.name
        return stops(
            at: Finding.Place(namespace: name, device: loopback.name),
            "\(loopback.name) is down in \(name): packets from \(name) to its own addresses, such as \(step.packet.destination), go through it",
            evidence: [.state("\(loopback.name) in \(name) is down")],
            remedy: Remedy([.ip(step.namespace, "link set \(loopback.name) up")]))
    }
}
