internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// More connections wait for a listener than its backlog allows: the kernel drops further SYNs without a word
/// (`tcp_conn_request`), or resets them where net.ipv4.tcp_abort_on_overflow says so.
struct AcceptQueueFull: Obstacle {
    let code: FindingCode = "accept-queue-full"
    let steps: Set<PathStep.Kind> = [.socket]
    let reasons: Set<DropReason> = ["TCP_LISTEN_OVERFLOW", "TCP_REQQFULLDROP", "NOT_SPECIFIED"]
    let traits: ObstacleTraits = [.isSilent, .explainsSilence, .dropsAtSocket]

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        switch reason {
        case "TCP_LISTEN_OVERFLOW", "TCP_REQQFULLDROP": reason.entry?.meaning
        default: nil
        }
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, let listener = step.crowdedListener(surroundings) else { return [] }
        let name = step.namespace.name
        let (waiting, limit) = (listener.receiveQueue, listener.backlog ?? 0)
        let cause =
            listener.isStopped == true
            ? "its process is stopped (SIGSTOP) and accepts none"
            : "the program does not accept connections as fast as they come"
        return stops(
            at: Finding.Place(namespace: name, hook: .input),
            "the packet arrived in \(name), but the accept queue of \(listener.words) is full: \(waiting) connections wait, its backlog is \(limit); \(cause)",
            evidence: [
                .state("\(listener.words) in \(name): \(waiting) connections to accept, backlog \(limit) (ss -lnt)")
            ])
    }
}
