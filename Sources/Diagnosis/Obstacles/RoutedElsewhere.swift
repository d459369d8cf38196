internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// Policy routing sent the packet where it stopped, while the main table's route would have carried it.
///
/// Proven by following the packet once more as if there were no rules but those that every namespace begins with: nothing
/// may stop it for certain on that path, and it must arrive or leave.
struct RoutedElsewhere: Obstacle {
    let code: FindingCode = "routed-elsewhere"

    /// A namespace on the path and the packet as it came there.
    struct Station {
        var namespace: Namespace
        var packet: PacketState
        /// Nil where it is sent.
        var inDevice: String?
    }

    /// - Parameter cause: what stops it on the path that policy routing chose.
    func candidate(_ station: Station, cause: Candidate?, _ context: DiagnosisContext) -> Candidate? {
        let (namespace, packet, inDevice) = (station.namespace, station.packet, station.inDevice)
        let inputs = PathInputs(context)
        let chosen = inputs.route(packet, namespace, inDevice: inDevice)
        let main = namespace.lookUpRoute(
            to: packet.destination, source: packet.source, mark: packet.mark, inDevice: inDevice, mainOnly: true)
        guard let rule = chosen.rule, !rule.isDefault, chosen.kind != .local, main.kind != nil, main.kind != .local,
            main.device != chosen.device || main.gateway != chosen.gateway || main.kind != chosen.kind,
            let end = mainPathEnd(station, inputs)
        else { return nil }
        // Past the edge of what can be seen neither route is known to be better.
        var arrives = false
        if case .delivered = end { arrives = true }
        let place: CommandWords = rule.priority > 1 ? "priority \(rule.priority - 1)" : ""
        let mark = rule.mark != nil ? " (the packet's mark is 0x\(String(packet.mark, radix: 16)))" : ""
        let name = namespace.name
        // One that was never sent has none yet.
        let from: CommandWords = packet.source.isUnspecified ? "" : "from \(packet.source)"
        return candidate(
            at: Finding.Place(namespace: name, device: chosen.device),
            "the rule \"\(rule.text)\"\(mark) in \(name) routes the packet by \(chosen.text), where \(cause != nil || arrives ? "it fails" : "no reply came"); the main table's route \(main.text) would \(arrives ? "deliver it" : "let it out")",
            evidence: [
                .state("ip rule \(rule.text) in \(name)"), Fact(chosen.evidence, chosen.text),
                .state("main table: \(main.text)"),
            ] + (cause.map { [.state("on that route: \($0.finding.message)")] } ?? []),
            remedy: Remedy([
                .ip(
                    namespace, packet.destination.family,
                    "rule add \(words: from) to \(packet.destination) lookup main \(words: place)")
            ]), isCertain: cause?.isCertain ?? arrives, reasons: cause?.reasons ?? [])
    }

    /// The rule that was made for the packet leads to a table without a route, so that the next rules decided.
    ///
    /// - Parameter cause: what stops it on the path that they chose; nil where nothing is seen to.
    func emptyTable(
        _ rule: RoutingRule, _ choice: RouteChoice, _ station: Station, cause: Candidate?
    ) -> Candidate {
        let name = station.namespace.name
        return candidate(
            at: Finding.Place(namespace: name, device: choice.device),
            "the rule \"\(rule.text)\" in \(name) is for this packet, but its table \(rule.table) is empty: it was routed by \(choice.text) instead, where \(cause == nil ? "no reply came" : "it fails")",
            evidence: [
                .state("ip rule \(rule.text) in \(name)"), .state("no route in table \(rule.table) of \(name)"),
                Fact(choice.evidence, choice.text),
            ] + (cause.map { [.state("on that route: \($0.finding.message)")] } ?? []), isCertain: false,
            reasons: cause?.reasons ?? [])
    }

    /// Where the main table's path ends; nil where something stops the packet on it.
    private func mainPathEnd(_ station: Station, _ inputs: PathInputs) -> ForwardPath.End? {
        var inputs = inputs
        inputs.usesMainTableOnly = true
        let name = station.namespace.name
        let start: PathStart =
            station.inDevice.map {
                .hook(namespace: name, hook: .prerouting, priority: .min, inDevice: $0, outDevice: nil)
            } ?? .send(namespace: name)
        let path = ForwardPath(of: station.packet, from: start, inputs)
        if path.end == .stopped || PathFindings(path).candidates.contains(where: \.isCertain) { return nil }
        return path.end
    }
}
