internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The kernel is told not to answer pings.
struct EchoIgnored: Obstacle {
    let code: FindingCode = "echo-ignored"
    let steps: Set<PathStep.Kind> = [.socket]
    let traits: ObstacleTraits = [.explainsSilence, .isSilent]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, step.packet.isEchoRequest else { return [] }
        let name = step.namespace.name
        guard let setting = step.namespace.settings.ignoresEcho(step.packet.destination.family), setting.isOn else {
            return []
        }
        let key = setting.key
        return stops(
            at: Finding.Place(namespace: name), "\(name) ignores echo requests: \(key) = 1",
            evidence: [.state("\(key) = 1 in \(name)")], remedy: Remedy([.sysctl(step.namespace, key, "0")]))
    }
}
