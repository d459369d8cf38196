internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A DNAT rule sends the packet to a server that is gone, and a later rule for the same packet would send it to one that
/// is there: the first is left over. Both are rules of one chain: between chains that are jumped to, a service shares
/// its clients out.
struct StaleForward: Obstacle {
    let code: FindingCode = "stale-forward"

    /// - Parameter cause: what became of the packet where the first rule sent it.
    /// - Returns: nil where no later rule leads to a server that is there.
    func candidate(_ diversion: Diversion, cause: Finding, _ graph: NetworkGraph) -> Candidate? {
        guard let rule = diversion.rule, !Self.isServed(diversion.result, graph),
            let later = diversion.afterwards, later.packet.destination != diversion.result.destination,
            let next = later.translation?.rule, next.chain == rule.chain, next.table == rule.table,
            let server = Self.server(of: later.packet, graph)
        else { return nil }
        let name = diversion.namespace.name
        return candidate(
            at: Finding.Place(namespace: name, hook: diversion.hook),
            "\(rule.name) in \(name) sends \(diversion.asked) to \(Diversion.socket(diversion.result)), where it fails; the later rule \(next.name) sends the same to \(Diversion.socket(later.packet)), where \(server) serves it: the earlier rule is stale",
            evidence: [
                .state("\(rule.name): \(rule.text ?? "")"), .state("\(next.name): \(next.text ?? "")"),
                .state("at \(diversion.result.destination): \(cause.message)"),
            ], rule: rule, remedy: Remedy(ifAny: Self.deletion(rule, in: diversion.namespace)),
            isCertain: cause.severity == .error)
    }

    private static func isServed(_ packet: PacketState, _ graph: NetworkGraph) -> Bool {
        server(of: packet, graph) != nil
    }

    /// Who has the address and a socket for the packet; nil where nobody is seen to.
    private static func server(of packet: PacketState, _ graph: NetworkGraph) -> String? {
        graph.namespaces(holding: packet.destination).first { namespace in
            namespace.listeners.contains {
                $0.isOn(packet.ipProtocol, port: packet.destinationPort)
                    && $0.takes(packet.destination)
            }
        }?.name
    }

    private static func deletion(_ rule: RuleReference, in namespace: Namespace) -> [RemedyAction] {
        if rule.backend == .nft {
            return rule.handle.map {
                [.nft(namespace, "delete rule \(rule.family) \(rule.table) \(rule.chain) handle \($0)")]
            } ?? []
        }
        guard let position = rule.position else { return [] }
        let tool =
            (rule.family == .ip6 ? "ip6tables" : "iptables") + (rule.backend == .iptablesLegacy ? "-legacy" : "")
        return [.run(namespace, "\(tool) -t \(rule.table) -D \(rule.chain) \(position)")]
    }
}
