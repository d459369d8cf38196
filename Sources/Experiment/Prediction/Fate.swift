internal import Network
internal import Observations
public import WalkModel
internal import Wire

extension Exchange {
    /// How it went, in a few words: `answered`, `dropped by nft inet filter forward 3 in host`,
    /// `not sent: Network is unreachable (errno 101)`, `reply lost behind wan wan0`.
    public var fate: String {
        if arrived {
            if reply != nil { return "answered" }
            return request.outcome == .left ? "left, no answer due" : "delivered"
        }
        if isReplyAstray { return "answered, but the reply went astray" }
        if !request.hasStopped {
            if let reply, reply.hasStopped { return "reply \(reply.fate)" }
            if let reply, reply.isICMPError { return "refused: \(reply.summary)" }
            if let reply, reply.kind.tcpFlags?.contains(.rst) == true { return "refused: \(reply.summary)" }
            let words = request.outcome == .left ? "left" : "delivered"
            return "\(words), no reply" + (request.findings.first.map { ": \($0.message)" } ?? "")
        }
        return request.fate
    }
}

extension Walk {
    /// Of a walk that stopped.
    fileprivate var fate: String {
        let words = outcome == .unsent ? "not sent" : outcome.rawValue
        let finding = findings.first { $0.severity != .info }
        if outcome != .unsent, let rule = finding?.rule ?? stoppedAt?.rule {
            return "\(words) by \(rule.name(withHandle: false))\(place.map { " in \($0)" } ?? "")"
        }
        if let finding { return "\(words): \(finding.message)" }
        if outcome == .lost, let last = lastSeen ?? hops.last {
            return
                "lost behind \([last.namespace, last.device ?? last.hook?.rawValue].compactMap(\.self).joined(separator: " "))"
        }
        return "\(words)\(place.map { " in \($0)" } ?? "")\(stoppedAt?.reason.map { ": \($0)" } ?? "")"
    }

    private var place: String? { stoppedAt?.namespace ?? hops.last?.namespace }
}

extension TrialExplanation {
    /// The fate of the first exchange that did not arrive, of the first where all did.
    public var fate: String { (exchanges.first { !$0.arrived } ?? exchanges.first)?.fate ?? "not seen" }

    /// Whether both went the same way to the same end: times, identifiers and ports that the kernel chose aside.
    func fares(like other: TrialExplanation) -> Bool {
        arrived == other.arrived && fate == other.fate
            && exchanges.first?.request.route == other.exchanges.first?.request.route
    }
}

extension Walk {
    /// The places that it passed, and what was translated there.
    fileprivate var route: [String] {
        hops.filter { $0.vantage != .route && $0.vantage != .drop }.map { hop in
            [
                hop.namespace, hop.device ?? "", hop.hook?.rawValue ?? "", hop.direction?.rawValue ?? "",
                "\(hop.packet.source)", "\(hop.packet.destination)",
            ].joined(separator: " ")
        }
    }
}
