internal import Ruleset
internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// Whether policy routing is the cause: each namespace with rules of its own is looked at, as the packet came there.
extension WalkDiagnosis {
    /// - Parameters:
    ///   - cause: what stops the packet on the path that was chosen.
    ///   - routers: the namespaces that it came to after it was last seen.
    func routedElsewhere(
        _ reading: WalkReading, cause: Candidate?, routers: [ForwardPath.Router] = []
    ) -> Candidate? {
        guard let first = reading.packet() else { return nil }
        var names: [String] = []
        for sighting in reading.sightings where names.last != sighting.namespace { names.append(sighting.namespace) }
        if names.isEmpty, let sender = sender(reading, first) { names = [sender] }
        // Then those that the path comes to, up to where it stopped.
        for router in routers where !names.contains(router.namespace) { names.append(router.namespace) }
        if let place = cause?.finding.where.namespace, !names.contains(place) { names.append(place) }
        for name in names {
            guard let namespace = topology[namespace: name], namespace.rules.contains(where: { !$0.isDefault }) else {
                continue
            }
            let router = routers.last { $0.namespace == name }
            let station = station(namespace, reading, first, router: router, cause: cause)
            if let candidate = RoutedElsewhere().candidate(station, cause: cause, context) { return candidate }
        }
        return nil
    }

    /// A rule of policy routing that matched the packet where it passed, and whose table has no route at all.
    func emptyTable(_ reading: WalkReading, cause: Candidate?) -> Candidate? {
        guard cause?.finding.rule == nil else { return nil }
        let inputs = inputs(reading)
        for stay in reading.stays() where stay.namespace.rules.contains(where: { !$0.isDefault }) {
            let choice = inputs.route(stay.exit, stay.namespace, inDevice: stay.inDevice)
            guard choice.kind == .unicast, choice.rule?.isDefault != false else { continue }
            let rule = stay.namespace.rules.first { rule in
                let isMade = rule.source != nil || rule.mark != nil || rule.inDevice != nil
                return isMade && rule.action == .lookup && rule.detail == nil && !rule.table.isBuiltIn
                    && choice.tables.contains(rule.table) && rule.covers(stay.exit.destination.family)
                    && !stay.namespace.routes.contains { $0.table == rule.table }
                    && stay.namespace.rules(
                        to: rule.table, stay.exit.destination, source: stay.entry.source, mark: stay.exit.mark,
                        inDevice: stay.inDevice
                    ).contains(rule)
            }
            guard let rule else { continue }
            let station = RoutedElsewhere.Station(
                namespace: stay.namespace, packet: stay.exit, inDevice: stay.inDevice)
            return RoutedElsewhere().emptyTable(rule, choice, station, cause: cause)
        }
        return nil
    }

    /// The packet as routing in a namespace sees it: marked by the rules that come before.
    func station(
        _ namespace: Namespace, _ reading: WalkReading, _ first: PacketState, router: ForwardPath.Router?,
        cause: Candidate?
    ) -> RoutedElsewhere.Station {
        let sightings = reading.sightings
        let entry = sightings.first { $0.namespace == namespace.name }
        var packet: PacketState
        var inDevice: String?
        if let entry {
            packet = reading.packet(at: entry) ?? first
            let isReceived = entry.direction == .in && entry.vantage == .link
            inDevice = isReceived ? reading.inDevice(at: entry) : nil
        } else {
            packet = router?.packet ?? first
            inDevice = router.map(\.inDevice) ?? cause?.finding.where.device
        }
        let hook: NetfilterHook = inDevice == nil ? .output : .prerouting
        let families: Set<TableFamily> = [packet.source.isIPv4 ? "ip" : "ip6", "inet"]
        let site = RuleSite(namespace: namespace, inDevice: inDevice)
        packet = HookTraversal(site: site, hook: hook, families: families).run(packet).packet
        let marked = sightings.first { $0.namespace == namespace.name && ($0.packet.mark ?? 0) != 0 }
        packet.mark = marked?.packet.mark ?? packet.mark
        return RoutedElsewhere.Station(namespace: namespace, packet: packet, inDevice: inDevice)
    }
}
