internal import Ruleset
internal import Observations
internal import WalkModel

/// The sender's socket call failed and nothing that was looked at explains it.
struct SendFailed: Obstacle {
    let code: FindingCode = "send-failed"

    func finding(_ failure: SendFailure, _ stop: StoppedPacket) -> Finding {
        Finding(
            code: code, severity: .warning, where: Finding.Place(namespace: failure.namespace),
            message: "\(failure.namespace) could not send to \(stop.packet.destination): \(failure.message)",
            evidence: [.kernel("the send call failed: \(failure.message)")], checks: stop.findings.checks)
    }
}
