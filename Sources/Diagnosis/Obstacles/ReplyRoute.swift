internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// A route for a reply by the device that its request came in by: one that a table already has, or one to be made.
struct ReplyRoute {
    var table: RoutingTable
    /// Nil where the destination is on the link.
    var gateway: IPAddress?
    /// Whether the table has the route already.
    var isThere: Bool
    let turn: ReplyRoutedElsewhere.Turn

    /// Nil where no route by that device is known, nor a gateway on it.
    init?(_ turn: ReplyRoutedElsewhere.Turn, _ surroundings: Surroundings) {
        let (namespace, destination) = (turn.namespace, turn.packet.destination)
        self.turn = turn
        let others: Set<RoutingTable> = Set(namespace.routes.map(\.table)).subtracting([.local, .main])
        let tables: [RoutingTable] = [.main] + others.sorted { $0.rawValue < $1.rawValue }
        for table in tables {
            guard let route = namespace.bestRoute(to: destination, table: table), route.kind == RouteKind.unicast
            else { continue }
            let device: String? = route.device ?? route.nextHops.first?.device
            if device != turn.requestDevice { continue }
            self.table = table
            gateway = route.gateway ?? route.nextHops.first?.gateway
            isThere = true
            return
        }
        guard let gateway = Self.gateway(turn, surroundings) else { return nil }
        self.gateway = gateway
        let numbers = (UInt32(100)...).lazy.map(RoutingTable.init(rawValue:))
        table =
            numbers.first { number in
                !tables.contains(number) && !namespace.rules.contains { $0.table == number }
            } ?? 100
        isThere = false
    }

    /// The gateway of any route by that device; else the router there that has a route to the asker, or is the asker.
    private static func gateway(_ turn: ReplyRoutedElsewhere.Turn, _ surroundings: Surroundings) -> IPAddress? {
        let (namespace, destination) = (turn.namespace, turn.packet.destination)
        let known = namespace.routes.filter {
            $0.kind == .unicast && $0.device == turn.requestDevice && $0.gateway?.family == destination.family
                && $0.destination.length == 0
        }
        if let gateway = known.compactMap(\.gateway).first { return gateway }
        guard let link = namespace[device: turn.requestDevice] else { return nil }
        let prefixes = link.addresses.filter { $0.address.family == destination.family && !$0.address.isLinkLocal }
        for path in surroundings.context.graph.segment(out: link.name, of: namespace.name).paths where !path.isOutside {
            guard let other = surroundings.topology[namespace: path.end.namespace], other.name != namespace.name,
                let address = other[device: path.end.device]?.addresses.first(where: { candidate in
                    prefixes.contains { $0.contains(candidate.address) }
                })?.address
            else { continue }
            let choice = other.lookUpRoute(to: destination, source: turn.source, mark: 0, inDevice: path.end.device)
            if choice.kind == .local || choice.kind == .unicast && choice.device != path.end.device { return address }
        }
        return nil
    }

    /// The decision that routing would then take.
    var choice: RouteChoice {
        RouteChoice(
            kind: .unicast, table: table, device: turn.requestDevice, gateway: gateway,
            route: turn.namespace.bestRoute(to: turn.packet.destination, table: table))
    }

    /// Source routing. What is sent here is told by its source; the reply of somebody behind a translation by a mark
    /// that its connection keeps, since its source is not yet the one that was asked.
    func actions(for turn: ReplyRoutedElsewhere.Turn) -> [RemedyAction] {
        let (namespace, family) = (turn.namespace, turn.packet.destination.family)
        var actions: [RemedyAction] = []
        if !isThere, let gateway {
            actions.append(
                .ip(namespace, family, "route add default via \(gateway) dev \(turn.requestDevice) table \(table)"))
        }
        guard turn.isTranslated, let inDevice = turn.inDevice else {
            return actions + [.ip(namespace, family, "rule add from \(turn.packet.source) lookup \(table)")]
        }
        let mark = freeMark(namespace)
        let text = "0x" + String(mark, radix: 16)
        return actions + marking(namespace, from: turn.requestDevice, inDevice, text, family)
            + [.ip(namespace, family, "rule add fwmark \(text)/\(text) lookup \(table)")]
    }

    /// A bit that no routing rule asks for and no rule of the firewall is seen to set.
    private func freeMark(_ namespace: Namespace) -> UInt32 {
        let used = namespace.rules.reduce(UInt32(0)) { $0 | ($1.mark ?? 0) }
        let texts = namespace.netfilter.chains.flatMap(\.rules).map(\.text).filter { $0.contains("mark") }
        return (8..<32).lazy.map { UInt32(1) << $0 }.first { bit in
            used & bit == 0 && !texts.contains { $0.contains("0x" + String(bit, radix: 16)) }
        } ?? 0x100
    }

    /// New connections that come in by `device` are marked, and so is what belongs to them and comes in by `inner`.
    private func marking(
        _ namespace: Namespace, from device: String, _ inner: String, _ mark: String, _ family: IPAddress.Family
    ) -> [RemedyAction] {
        let backends = namespace.netfilter.backend
        guard backends == ["nft"] else {
            let rules: [CommandWords] = [
                "-i \(device) -m conntrack --ctstate NEW -j CONNMARK --set-xmark \(mark)/\(mark)",
                "-i \(inner) -m connmark --mark \(mark)/\(mark) -j MARK --set-xmark \(mark)/\(mark)",
            ]
            return rules.map {
                .iptables(
                    namespace,
                    IptablesChange(
                        isIPv4: family == .ipv4, isLegacy: backends == ["iptables-legacy"], table: "mangle",
                        chain: "PREROUTING", .last, rule: $0))
            }
        }
        let table: CommandWords = family == .ipv4 ? "ip reply_routes" : "ip6 reply_routes"
        return [
            .nft(namespace, "add table \(words: table)"),
            .nft(
                namespace,
                "add chain \(words: table) prerouting \("{ type filter hook prerouting priority mangle; }")"),
            .nft(
                namespace,
                "add rule \(words: table) prerouting iifname \(device) ct state new ct mark set ct mark or \(mark)"),
            .nft(
                namespace,
                "add rule \(words: table) prerouting iifname \(inner) ct mark and \(mark) == \(mark) meta mark set meta mark or \(mark)"
            ),
        ]
    }
}
