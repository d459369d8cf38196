internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A queueing discipline has no room, or dropped packets while the run went on.
struct QueueFull: Obstacle {
    let code: FindingCode = "queue-full"
    let steps: Set<PathStep.Kind> = [.queue]
    let reasons = QueueState.dropReasons

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        reasons.contains(reason) ? "its device's queue was full" : nil
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .queue(let step) = step, let state = QueueState(step, surroundings.context),
            state.exceededBurst == nil
        else { return [] }
        guard state.mayHaveDropped(step.packet) else {
            if state.queue.backlogPackets > 0 { return [] }
            return [.passed("\(state.name) is empty and dropped nothing meanwhile")]
        }
        let dropped =
            state.dropped > 0 ? "; it dropped \(QueueState.count(state.dropped, "packet")) meanwhile" : ""
        return stops(
            at: state.place,
            "\(state.name) \(state.isFull ? "is full" : "drops packets")\(dropped): the offered load exceeds the configured rate; send less at once, or raise the rate or the limit\(state.askedWords)",
            evidence: [state.fact],
            // With room left, or packets that still wait, it may be another's that was dropped.
            isCertain: state.isReported || state.isFull && state.dropped > 0
        ).concerning(step)
    }
}
