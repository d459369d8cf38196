internal import WalkModel

/// The kernel dropped the packet, and nothing that was looked at says why.
struct UnknownDrop: Obstacle {
    let code: FindingCode = "unknown-drop"

    func finding(_ stop: StoppedPacket, at place: Finding.Place) -> Finding {
        let fact = stop.report.fact
        return Finding(
            code: code, severity: .warning, where: place,
            message:
                "the kernel dropped the packet in \(place.namespace ?? "an unknown namespace") (\(fact?.text ?? "")); cause unknown",
            evidence: stop.lastSeen + [fact].compactMap(\.self), checks: stop.findings.checks)
    }
}
