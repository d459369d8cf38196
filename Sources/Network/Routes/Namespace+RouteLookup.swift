public import Wire

extension Namespace {
    /// The lookup of fib_rules and the FIB (ip-rule(8)): rules by priority, in each table the longest prefix, then the
    /// lowest metric.
    ///
    /// A model: what a rule asks of user or output device can't be known here, nor what it asks of ports where `flow` is
    /// nil, so such a rule is passed over.
    /// Where the kernel was asked (RTM_GETROUTE), its answer decides.
    ///
    /// - Parameters:
    ///   - inDevice: the device that the packet came in by; nil for one that is sent from here.
    ///   - flow: the packet's protocol and ports; nil where they are not known.
    ///   - mainOnly: as if there were only the rules that every namespace begins with.
    public func lookUpRoute(
        to destination: IPAddress, source: IPAddress?, mark: UInt32, inDevice: String?, flow: RoutedFlow? = nil,
        mainOnly: Bool = false
    ) -> RouteChoice {
        let isOwn = destination.isLoopback || holds(destination)
        var tables: [RoutingTable] = []
        for rule in orderedRules(destination.family, mainOnly: mainOnly)
        where rule.matches(to: destination, source: source, mark: mark, inDevice: inDevice, flow: flow) {
            guard rule.action == .lookup else {
                if let refusal = rule.action.refusal {
                    return RouteChoice(kind: refusal, rule: rule, tables: tables)
                }
                continue
            }
            if tables.last != rule.table { tables.append(rule.table) }
            if isOwn, rule.table == .local {
                let device = links.first(where: \.isLoopback)?.name
                return RouteChoice(
                    kind: .local, table: .local, device: device, preferredSource: destination, tables: [.local])
            }
            guard let route = bestRoute(to: destination, table: rule.table), route.kind != .throw else { continue }
            // The kernel's own "unreachable default dev lo" of IPv6 stands for "no route".
            if route.kind == .unreachable, route.metric == .max { continue }
            if rule.suppresses(route) { continue }
            let hop = route.nextHops.first { !$0.isDead } ?? route.nextHops.first
            return RouteChoice(
                kind: route.kind, table: rule.table, device: route.device ?? hop?.device,
                gateway: route.gateway ?? hop?.gateway, preferredSource: route.preferredSource, route: route,
                rule: rule, tables: tables)
        }
        return RouteChoice(tables: tables)
    }

    /// The rules of a family by priority; those that every namespace begins with where none were read.
    private func orderedRules(_ family: IPAddress.Family, mainOnly: Bool) -> [RoutingRule] {
        let ordered = rules.filter { $0.covers(family) && (!mainOnly || $0.isDefault) }
            .sorted { $0.priority < $1.priority }
        if !rules.isEmpty, !(mainOnly && ordered.isEmpty) { return ordered }
        return [(0, RoutingTable.local), (32766, .main), (32767, .default)].map {
            RoutingRule(priority: $0.0, family: Int(family.rawValue), table: $0.1)
        }
    }

    /// The rules of `destination`'s family that look in `table` and that a packet may have met: what they ask is true of
    /// it, or can't be told (`RoutingRule.detail`). By priority.
    public func rules(
        to table: RoutingTable, _ destination: IPAddress, source: IPAddress?, mark: UInt32, inDevice: String?,
        flow: RoutedFlow? = nil
    ) -> [RoutingRule] {
        orderedRules(destination.family, mainOnly: false).filter { rule in
            guard rule.action == .lookup, rule.table == table else { return false }
            if rule.outDevice != nil { return true }
            if rule.detail != nil, rule.selectors?.meets(flow) == nil { return true }
            return rule.matches(to: destination, source: source, mark: mark, inDevice: inDevice, flow: flow)
        }
    }

    /// The route of one table that a lookup in it gives: the longest prefix, then the lowest metric; nil for none.
    public func bestRoute(to destination: IPAddress, table: RoutingTable) -> Route? {
        var best: Route?
        for route in routes where route.table == table && route.destination.contains(destination) {
            if route.flags?.contains(.dead) == true { continue }
            // What a packet's TOS is can't be known here.
            if route.tos != nil { continue }
            if let current = best {
                let isBetter =
                    (route.destination.length, UInt32.max - route.metric)
                    > (current.destination.length, UInt32.max - current.metric)
                if !isBetter { continue }
            }
            best = route
        }
        return best
    }
}
