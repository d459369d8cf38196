internal import WalkModel

/// The packet was not seen where it was expected, and no obstacle is between.
struct LostUnexplained: Obstacle {
    let code: FindingCode = "lost-unexplained"

    func finding(_ stop: StoppedPacket, at place: Finding.Place, isComplete: Bool) -> Finding {
        let expected = stop.walk.expectedNext.map { ", next expected at \($0.words)" } ?? ""
        let losses = isComplete ? "" : "; a source lost events meanwhile, so it may have gone on unseen"
        return Finding(
            code: code, severity: .warning, where: place,
            message:
                "the packet was last seen at \(stop.last?.words ?? "its sender")\(expected); of what could stop it there nothing does\(losses)",
            evidence: stop.lastSeen + [stop.context.nearbyDrops?.words()].compactMap(\.self),
            checks: stop.findings.checks)
    }
}

extension StoppedPacket {
    var lastSeen: [Fact] { last.map { [.seen("last at \($0.words)")] } ?? [] }
}
