internal import Ruleset
internal import Observations
internal import WalkModel
internal import Network
internal import Wire

/// The sender's socket call failed and nothing that was looked at explains it.
struct SendFailed: Obstacle {
    let code: FindingCode = "send-failed"

    func finding(_ failure: SendFailure, _ stop: StoppedPacket) -> Finding {
        let entry = SendError.entry(failure.errorNumber)
        var evidence: [Fact] = [.kernel("the send call failed: \(failure.message)")]
        if let entry { evidence.append(Fact(nil, "to look at: \(entry.lookAt)")) }
        let namespace = stop.context.topology[namespace: failure.namespace]
        let all = namespace?.links.first { $0.addresses.contains { $0.broadcast == stop.packet.destination } }
        if let all, stop.packet.ipProtocol == .tcp {
            return Finding(
                code: code, severity: .warning,
                where: Finding.Place(namespace: failure.namespace, device: all.name),
                message:
                    "\(failure.namespace) could not send to \(stop.packet.destination): it is the broadcast address of \(all.name), and TCP connects to one host only",
                evidence: evidence, checks: stop.findings.checks)
        }
        let words = entry.map { " (\($0.name)): \($0.meaning)" } ?? ""
        return Finding(
            code: code, severity: .warning, where: Finding.Place(namespace: failure.namespace),
            message: "\(failure.namespace) could not send to \(stop.packet.destination): \(failure.message)\(words)",
            evidence: evidence, checks: stop.findings.checks)
    }
}
