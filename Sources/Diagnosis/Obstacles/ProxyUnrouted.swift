internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A rule gave the packet to a socket of the machine (TPROXY, nft `tproxy`), and routing sends it on all the same: what
/// has a socket is not forwarded (ip_forward, ip6_forward). The mark that the rule sets has to lead to a table with a
/// local route.
struct ProxyUnrouted: Obstacle {
    let code: FindingCode = "proxy-unrouted"
    let steps: Set<PathStep.Kind> = [.forwarding]
    let reasons: Set = ["NOT_SPECIFIED"]

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .forwarding(let step) = step, let given = proxied(step) else { return [] }
        let (namespace, packet) = (step.namespace, given.packet)
        let mark = packet.isMarkKnown && packet.mark != 0 ? packet.mark : nil
        let lack =
            mark.map { "no routing rule leads its mark 0x\(String($0, radix: 16)) to a local route" }
            ?? "it has no mark by which a routing rule could lead it to a local route"
        return stops(
            at: Finding.Place(namespace: namespace.name, device: step.device),
            "\(given.rule) in \(namespace.name) gives \(packet.source) > \(packet.destination) to a proxy of \(namespace.name), but the packet is routed on by \(step.choice.device ?? "another device"): \(lack), and the kernel does not forward a packet that has a socket",
            evidence: [.state("\(given.rule) in \(namespace.name): \(given.text)")] + facts(namespace, mark),
            remedy: mark.flatMap { remedy(namespace, packet, mark: $0) })
    }

    /// The packet as `prerouting` leaves it, and the rule that gave it a socket; nil where none does. Bridged packets lose
    /// the socket again where br_netfilter asks the rules before (ip_rcv_core).
    private func proxied(_ step: ReceiveStep) -> (packet: PacketState, rule: String, text: String)? {
        let namespace = step.namespace
        let isCalled = namespace.settings.bridgeCallsChains(step.packet.destination.family)?.isOn == true
        guard step.packet.isDestinationTranslated != true, step.choice.kind != .local,
            namespace[device: step.device]?.kind != .bridge || !isCalled
        else { return nil }
        var packet = step.packet
        packet.connection = packet.connection ?? .new
        let families: Set<TableFamily> = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
        let traversal = HookTraversal(
            site: RuleSite(namespace: namespace, inDevice: step.device), hook: .prerouting, families: families)
        let result = traversal.run(packet)
        guard result.packet.isAssignedSocket else { return nil }
        let rule = namespace.netfilter.compiled.chains.lazy.flatMap(\.rules).first { rule in
            families.contains(rule.reference.family)
                && rule.actions.contains { if case .transparentProxy = $0 { true } else { false } }
                && rule.matches.allSatisfy { $0.evaluate(packet, at: traversal.site) != .fails }
        }
        return (result.packet, rule?.reference.name ?? "a rule", rule?.reference.text ?? "")
    }

    private func facts(_ namespace: Namespace, _ mark: UInt32?) -> [Fact] {
        guard let mark else { return [] }
        return namespace.rules.filter { $0.mark == mark & ($0.markMask ?? .max) }.map {
            .state("fwmark 0x\(String(mark, radix: 16)) leads to table \($0.table) in \(namespace.name)")
        }
    }

    /// A rule for the mark, and a table with a local route; what is there already is used.
    private func remedy(_ namespace: Namespace, _ packet: PacketState, mark: UInt32) -> Remedy {
        let isIPv4 = packet.destination.isIPv4
        let local = namespace.routes.first {
            $0.kind == .local && $0.destination.length == 0 && $0.table != .local
                && $0.destination.address.isIPv4 == isIPv4
        }
        let led = namespace.rules.first {
            $0.mark.map { wanted in wanted != 0 } == true && $0.mark == mark & ($0.markMask ?? .max)
                && $0.action == .lookup && ($0.family == 2) == isIPv4
        }
        let table = led?.table ?? local?.table ?? RoutingTable(rawValue: 100)
        let family = packet.destination.family
        var actions: [RemedyAction] = []
        if led == nil {
            actions.append(
                .ip(namespace, family, "rule add fwmark 0x\(String(mark, radix: 16)) lookup \(table.rawValue)"))
        }
        if local?.table != table {
            actions.append(.ip(namespace, family, "route add local default dev lo table \(table.rawValue)"))
        }
        return Remedy(actions)
    }
}
