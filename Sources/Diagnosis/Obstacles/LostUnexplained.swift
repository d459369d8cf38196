internal import WalkModel

/// The packet was not seen where it was expected, and no obstacle is between.
struct LostUnexplained: Obstacle {
    let code: FindingCode = "lost-unexplained"

    func finding(_ stop: StoppedPacket, at place: Finding.Place, isComplete: Bool) -> Finding {
        let seen = stop.last?.fullPlace ?? "its sender"
        let lost = stop.walk.expectedNext.map { "between \(seen) and \($0.fullPlace)" } ?? "after \(seen)"
        let losses = isComplete ? "" : "; a source lost events meanwhile, so it may have gone on unseen"
        return Finding(
            code: code, severity: .warning, where: place,
            message:
                "the packet was lost \(lost); none of the known causes applies\(stop.findings.path.checkedWords)\(losses)",
            evidence: stop.lastSeen + [stop.context.nearbyDrops?.words()].compactMap(\.self),
            checks: stop.findings.checks)
    }
}

extension ForwardPath {
    /// ` (checked: routes, rules, links)`: what the path has, in its order.
    var checkedWords: String {
        var words: [String] = []
        for word in steps.compactMap(\.kind.words) where !words.contains(word) { words.append(word) }
        return words.isEmpty ? "" : " (checked: \(words.joined(separator: ", ")))"
    }
}

extension PathStep.Kind {
    /// Nil for what is not looked at by itself.
    fileprivate var words: String? {
        switch self {
        case .route: "routes"
        case .conntrack: "connection tracking"
        case .hook: "rules"
        case .transmit: "MTU"
        case .device, .wire: "links"
        case .neighbour: "neighbours"
        case .programs: "tc and XDP programs"
        case .queue: "queues"
        case .bridge: "bridge ports"
        case .tunnel, .carrier: "tunnels"
        case .sibling: "macvlan modes"
        case .source: "reverse path check"
        case .forwarding: "forwarding"
        case .router: "TTL"
        case .socket: "sockets"
        case .stray, .sighting: nil
        }
    }
}

extension StoppedPacket {
    var lastSeen: [Fact] { walk.isSeen ? last.map { [.seen("last at \($0.fullPlace)")] } ?? [] : [] }
}
