internal import Observations
internal import Network
internal import WalkModel

/// The kernel dropped the packet for a reason that says by itself what is wrong, and nothing in the state that was looked
/// at says it better: a TCP segment without the signature that its receiver wants, a wrong checksum, a socket's filter.
struct KernelRefusal: Obstacle {
    let code: FindingCode = "kernel-refusal"

    /// Nil for a reason that names no cause.
    func candidate(_ reason: DropReason, _ stop: StoppedPacket) -> Candidate? {
        guard DropReason.selfExplaining.contains(reason), let entry = reason.entry else { return nil }
        let end = stop.walk.stoppedAt
        let place = stop.report.namespace ?? stop.last?.namespace
        var evidence: [Fact] = []
        // What it waits for at a socket can be told with its owner.
        if let socket = stop.socket, let listener = socket.matching.first {
            evidence.append(.state("\(listener.words) in \(socket.namespace.name)"))
        }
        evidence.append(Fact(nil, "to look at: \(entry.lookAt)"))
        return candidate(
            at: Finding.Place(namespace: place, hook: end?.hook, device: end?.device),
            "\(place ?? "the kernel") dropped the packet: \(entry.meaning) (\(reason))", evidence: evidence,
            // What no namespace that is watched had may be a stranger's.
            isCertain: place != nil, reasons: [reason])
    }
}

extension StoppedPacket {
    /// The socket at the end of the path ahead.
    var socket: SocketStep? {
        for case .socket(let step) in findings.path.steps.reversed() { return step }
        return nil
    }
}
