internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// The socket takes the packet, and every process that could read it is stopped: nothing will be answered until one goes
/// on (SIGCONT). A TCP connection is set up all the same: the kernel does that.
struct ProcessStopped: Obstacle {
    let code: FindingCode = "process-stopped"
    let steps: Set<PathStep.Kind> = [.socket]
    let traits: ObstacleTraits = [.isSilent, .concernsDatagram]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, let listener = step.taker(surroundings), listener.isStopped == true
        else { return [] }
        let name = step.namespace.name
        let isTCP = listener.protocol == .tcp
        let arrival =
            isTCP
            ? "the kernel of \(name) accepts the connection"
            : "the packet arrived in \(name)"
        // Of a container its engine may have stopped it: docker pause.
        let isContainer = !step.namespace.containers.isEmpty
        let (how, end) =
            isContainer ? ("docker pause, or SIGSTOP", "docker unpause, or SIGCONT") : ("SIGSTOP", "SIGCONT")
        let waiting = isTCP ? "connections wait to be accepted" : "bytes wait to be read"
        return stops(
            at: Finding.Place(namespace: name),
            "\(arrival), but the process of \(listener.words) is stopped (\(how)): it reads nothing\(isTCP ? " and sends nothing" : "") until it is continued (\(end))",
            evidence: [
                .state(
                    "\(listener.words) in \(name): \(isContainer ? "stopped" : "process state T"), \(listener.receiveQueue) \(waiting)"
                )
            ])
    }
}
