internal import Network
internal import Observations
internal import WalkModel

/// A queueing discipline still holds packets: this one may be among them.
struct QueueDelay: Obstacle {
    let code: FindingCode = "queue-delay"
    let steps: Set<PathStep.Kind> = [.queue]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .queue(let step) = step, let state = QueueState(step, surroundings.context),
            state.exceededBurst == nil, !state.mayHaveDropped(step.packet), state.queue.backlogPackets > 0,
            let waiting = waiting(state.name, surroundings.context)
        else { return [] }
        return stops(
            at: state.place, "\(waiting), which holds \(state.backlog)\(delay(state))", evidence: [state.fact],
            isCertain: false)
    }

    /// What waits in a queue that holds packets; nil where this packet can't, nor keep back its sender.
    private func waiting(_ name: String, _ context: DiagnosisContext) -> String? {
        guard context.drops.isEmpty else { return nil }
        guard let failure = context.sendFailures.last else { return "the packet is probably still in \(name)" }
        // ENOBUFS, EAGAIN: no room in the socket's own send buffer (socket(7), SO_SNDBUF).
        guard [105, 11].contains(failure.errorNumber) else { return nil }
        return "the socket's send buffer is full, probably of packets that are still in \(name)"
    }

    private func delay(_ state: QueueState) -> String {
        guard let rate = state.queue.rate, rate > 0 else { return "" }
        let seconds = Double(state.queue.backlogBytes) / Double(rate)
        return ": \(Int(min(seconds, 1e9).rounded(.up))) s at its rate of \(rate * 8) bit/s"
    }
}
