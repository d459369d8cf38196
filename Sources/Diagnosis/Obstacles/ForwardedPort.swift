internal import Network
internal import Ruleset
internal import Wire

/// A port of a namespace that its rules forward to somebody else, asked by the namespace itself.
struct ForwardedPort {
    var rule: RuleReference
    var target: IPAddress
    var port: UInt16?

    /// Nil where the packet was not sent here, or where nothing that came in by a device would be forwarded.
    init?(_ step: SocketStep) {
        guard step.isSentHere, !step.packet.destination.isLoopback else { return nil }
        let namespace = step.namespace
        var packet = step.packet
        packet.connection = .new
        packet.isDestinationTranslated = nil
        let families: Set<TableFamily> = [packet.destination.isIPv4 ? "ip" : "ip6", "inet"]
        // As if somebody out there had sent it: to the device that has the address first.
        packet.source =
            packet.destination.isIPv4 ? IPAddress(ipv4: 0xcb00_71fe) : IPAddress(high: 0x2001_0db8 << 32, low: 0xfffe)
        let links = namespace.links.filter { $0.kind != .loopback && $0.master == nil }
        let ordered =
            links.filter { $0.addresses.contains { $0.address == packet.destination } }
            + links.filter { !$0.addresses.contains { $0.address == packet.destination } }
        for link in ordered {
            let site = RuleSite(namespace: namespace, inDevice: link.name)
            let result = HookTraversal(site: site, hook: .prerouting, families: families).run(packet)
            guard let (rule, _) = result.translation, !namespace.holds(result.packet.destination) else { continue }
            self.rule = rule
            target = result.packet.destination
            port = result.packet.destinationPort
            return
        }
        return nil
    }
}

extension SocketStep {
    /// Whether the namespace that has the socket sent the packet itself.
    var isSentHere: Bool { namespace.holds(packet.source) }
}
