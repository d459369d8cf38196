internal import Network
internal import WalkModel

/// The packet is longer than a token bucket ever lets out at once.
struct BurstExceeded: Obstacle {
    let code: FindingCode = "burst-exceeded"
    let traits: ObstacleTraits = .dependsOnSize
    let steps: Set<PathStep.Kind> = [.queue]
    let reasons = QueueState.dropReasons

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .queue(let step) = step, let state = QueueState(step, surroundings.context),
            let burst = state.exceededBurst
        else { return [] }
        var remedy: Remedy?
        if let rate = state.queue.rate, let limit = state.queue.limitBytes {
            // Of what is sent by this device nothing is longer than that.
            let needed = max(state.frame, step.link.mtu + QueueState.ethernetHeader)
            remedy = Remedy([
                .run(
                    step.namespace,
                    "tc qdisc change dev \(step.link.name) root handle \(state.queue.handle) tbf rate \(rate * 8)bit burst \(needed) limit \(max(limit, needed))"
                )
            ])
        }
        return stops(
            at: state.place,
            "the frame of \(state.frame) bytes exceeds the burst of \(state.name), \(burst) bytes: it can never pass, shorter ones can\(state.askedWords)",
            evidence: [
                .state("\(state.name) (\(state.queue.handle)): burst \(burst) bytes"),
                .seen("\(state.frame) bytes"),
            ], remedy: remedy
        ).concerning(step)
    }
}
