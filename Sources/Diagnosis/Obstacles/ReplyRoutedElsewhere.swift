internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// The reply leaves by another device than the request came in by, though the one that asked is reached by that device.
///
/// What becomes of such a reply is decided where nobody here may see it: a router drops what has a source of another
/// network, a firewall what belongs to no connection that it knows, the asker what came in by the wrong device. So it is
/// certain only where the reply was seen to be dropped, and the path that the request came by would have carried it.
struct ReplyRoutedElsewhere: Obstacle {
    let code: FindingCode = "reply-routed-elsewhere"

    /// Where a reply turns off the path that its request came by.
    struct Turn {
        var namespace: Namespace
        /// By which the request came in, and by which the reply leaves.
        var requestDevice: String
        var replyDevice: String
        /// By which the reply came into the namespace; nil where it is sent there.
        var inDevice: String?
        /// The reply as it is routed: before its source is translated back.
        var packet: PacketState
        /// The reply's source as the asker knows it.
        var source: IPAddress
        var choice: RouteChoice

        var isTranslated: Bool { source != packet.source }
        var reply: String { "\(source) > \(packet.destination)" }
    }

    /// - Parameters:
    ///   - end: what became of the reply, as the end of a sentence.
    ///   - facts: evidence for it.
    ///   - isCertain: whether it was seen to be dropped past the turn, and the other path is free.
    func candidate(
        _ turn: Turn, _ back: ReplyRoute?, end: String, facts: [Fact], isCertain: Bool
    ) -> Candidate {
        let name = turn.namespace.name
        let (choice, packet) = (turn.choice, turn.packet)
        let source =
            turn.isTranslated
            ? "; \(name) routes it with the source \(packet.source), which is translated back to \(turn.source) only afterwards"
            : ""
        var evidence: [Fact] = [
            .seen("the request came into \(name) by \(turn.requestDevice)"),
            Fact(choice.evidence, "route in \(name) from \(packet.source) to \(packet.destination): \(route(choice))"),
        ]
        if let rule = choice.rule { evidence.append(.state("ip rule \(rule.text) in \(name)")) }
        if turn.isTranslated, let unmet = unmet(turn) {
            evidence.append(
                .state("ip rule \(unmet.text) in \(name) does not match it: it asks for the source \(turn.source)"))
        }
        return candidate(
            at: Finding.Place(namespace: name, device: turn.replyDevice),
            "the request came into \(name) by \(turn.requestDevice), but the reply \(turn.reply) leaves by \(turn.replyDevice) (\(route(choice)))\(source); \(end)",
            evidence: evidence + facts, remedy: back.flatMap { Remedy(ifAny: $0.actions(for: turn)) },
            isCertain: isCertain, reasons: [])
    }

    /// The route with its table and the rule that led there.
    private func route(_ choice: RouteChoice) -> String {
        let table = choice.table.map { ", table \($0)" } ?? ""
        let isShown = choice.table.map { $0 != .main && $0 != .local } ?? true
        return "route \(choice.text)\(isShown ? "" : table)"
    }

    /// A rule that would route by the address that was asked.
    private func unmet(_ turn: Turn) -> RoutingRule? {
        turn.namespace.rules.first {
            $0.covers(turn.source.family) && $0.source?.contains(turn.source) == true
                && $0.source?.contains(turn.packet.source) == false
        }
    }
}
