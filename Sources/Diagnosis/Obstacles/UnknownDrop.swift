internal import Observations
internal import WalkModel

/// The kernel dropped the packet, and nothing that was looked at says why.
struct UnknownDrop: Obstacle {
    let code: FindingCode = "unknown-drop"

    func finding(_ stop: StoppedPacket, at place: Finding.Place) -> Finding {
        let fact = stop.report.fact
        let entry = stop.report.reason.flatMap(\.entry)
        let isNamed = stop.report.reason != .notSpecified
        var evidence = stop.lastSeen + [fact].compactMap(\.self)
        if let entry { evidence.append(Fact(nil, "to look at: \(entry.lookAt)")) }
        return Finding(
            code: code, severity: .warning, where: place,
            message:
                "the kernel dropped the packet in \(place.namespace ?? "an unknown namespace") (\(fact?.text ?? ""))\(isNamed ? entry.map { ": \($0.meaning)" } ?? "" : ""); cause unknown\(stop.findings.path.checkedWords)",
            evidence: evidence, checks: stop.findings.checks)
    }
}
