internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A rule gives packets to a socket of the machine itself (TPROXY), which is there, and routing does not keep them for the
/// machine: what a socket has been given is not forwarded either (`ip_forward`, `ip6_forward`).
///
/// The rule marks them, and a routing rule must send what bears the mark to a table in which everything is local
/// (Documentation/networking/tproxy.rst).
struct ProxyNotRouted: Obstacle {
    let code: FindingCode = "proxy-not-routed"
    let steps: Set<PathStep.Kind> = [.forwarding]
    let reasons: Set<DropReason> = ForwardingDisabled.dropReasons
    let traits: ObstacleTraits = .followsRule

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .forwarding(let step) = step, step.packet.isAssignedSocket,
            let given = surroundings.proxyings.last(where: { $0.namespace == step.namespace.name })?.proxying,
            given.isServed
        else { return [] }
        let (namespace, packet) = (step.namespace, step.packet)
        let mark = "0x\(String(packet.mark, radix: 16))"
        let port = given.proxy.port ?? packet.destinationPort ?? 0
        let rule = namespace.rules.first { $0.covers(packet.destination.family) && $0.asks(for: packet.mark) }
        let lack: String
        if packet.mark == 0 {
            lack = "it sets no mark by which a routing rule could keep the packet for \(namespace.name)"
        } else if let rule {
            lack =
                "the rule \"\(rule.text)\" leads to no local route for \(packet.destination): the packet is routed \(step.choice.text)"
        } else {
            lack =
                "no routing rule sends what bears the mark \(mark) to a table with a local route: the packet is routed \(step.choice.text)"
        }
        return [
            .candidate(
                candidate(
                    at: Finding.Place(namespace: namespace.name, hook: .prerouting, device: step.device),
                    "\(given.rule.name) in \(namespace.name) gives \(packet.source) > \(packet.destination) to the proxy on \(packet.ipProtocol) port \(port) (TPROXY), but \(lack), and what a socket was given is not forwarded",
                    evidence: [
                        .state("\(given.rule.name): \(given.rule.text ?? "")"),
                        Fact(step.choice.evidence, step.choice.text),
                        .state(
                            "ip rule in \(namespace.name): \(namespace.rules.filter { $0.covers(packet.destination.family) }.map(\.text).joined(separator: "; "))"
                        ),
                    ], rule: given.rule, remedy: remedy(packet, rule, given, namespace)))
        ]
    }

    /// The routing rule for the mark, where none is there, and the local route in the table that it leads to.
    private func remedy(
        _ packet: PacketState, _ rule: RoutingRule?, _ given: HookResult.Proxying, _ namespace: Namespace
    ) -> Remedy? {
        guard packet.mark != 0, packet.isMarkKnown else { return nil }
        let family = packet.destination.family
        let locals = namespace.routes.filter {
            $0.kind == .local && $0.destination.length == 0 && $0.destination.address.family == family
                && $0.table != .local
        }
        var actions: [RemedyAction] = []
        let table: RoutingTable
        if let rule {
            guard !rule.table.isBuiltIn else { return nil }
            table = rule.table
        } else {
            let used = Set(namespace.routes.map(\.table) + namespace.rules.map(\.table))
            table =
                locals.first?.table ?? (100..<200).lazy.map { RoutingTable(rawValue: $0) }.first { !used.contains($0) }
                ?? .main
            if table == .main { return nil }
            let mark = "0x\(String(packet.mark, radix: 16))"
            actions.append(.ip(namespace, family, "rule add fwmark \(mark) lookup \("\(table.rawValue)")"))
        }
        if !locals.contains(where: { $0.table == table }) {
            actions.append(
                .ip(namespace, family, "route add local default dev lo table \("\(table.rawValue)")"))
        }
        return actions.isEmpty ? nil : Remedy(actions)
    }
}

extension RoutingRule {
    /// Whether it asks for this mark and no other condition could keep the packet from it.
    fileprivate func asks(for packetMark: UInt32) -> Bool {
        guard let mark else { return false }
        return packetMark & (markMask ?? .max) == mark
    }
}
