internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A server listens on the port, but on another address than the packet is for: often on 127.0.0.1 alone.
struct ListenerElsewhere: Obstacle {
    let code: FindingCode = "listener-elsewhere"
    let steps: Set<PathStep.Kind> = [.socket]
    let reasons: Set = ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"]
    let traits: ObstacleTraits = [.explainsSilence, .concernsDatagram]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, step.isUnserved(surroundings), let other = step.listenersElsewhere.first
        else { return [] }
        let (name, destination) = (step.namespace.name, step.packet.destination)
        return stops(
            at: Finding.Place(namespace: name, hook: .input),
            "the packet arrived in \(name), but \(other.process ?? "the server") listens on \(other.address) only, not on \(destination): bind it to \(destination.isIPv4 ? "0.0.0.0" : "::")",
            evidence: [.state("\(other.words) in \(name)")])
    }
}
