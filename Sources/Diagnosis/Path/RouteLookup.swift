internal import Observations
internal import Network
internal import Wire

/// The answer to "which way?", from the kernel where it was asked, else from the snapshot's tables.
struct RouteChoice: Sendable {
    /// `unicast`, `local`, `broadcast`, `blackhole`, `unreachable`, `prohibit`; nil: no route.
    var kind: String?
    var table: UInt32?
    var device: String?
    var gateway: IPAddress?
    var preferredSource: IPAddress?
    /// The route of the snapshot.
    var route: Route?
    /// The policy rule that led to its table.
    var rule: RoutingRule?
    /// The tables that were looked at.
    var tables: [UInt32] = []
    var evidence: Evidence = .state

    /// As `ip route` would write it.
    var text: String {
        guard let kind else { return "no route" }
        var words: [String] = kind == "unicast" || kind == "local" ? [] : [kind]
        if let route { words.append(route.destinationText) }
        if let gateway { words.append("via \(gateway)") }
        if let device { words.append("dev \(device)") }
        if let table, table != 254, table != 255 { words.append("table \(table)") }
        return words.joined(separator: " ")
    }
}

extension Route {
    var destinationText: String {
        if destination.length == 0 { return "default" }
        return destination.length == destination.address.bitWidth
            ? destination.address.description : destination.description
    }
}

extension RoutingRule {
    func covers(_ family: IPAddress.Family) -> Bool {
        switch self.family {
        case 2, 4: family == .ipv4
        case 10, 6: family == .ipv6
        default: true
        }
    }

    /// As `ip rule` would write it.
    var text: String {
        var words = ["\(priority):", "from \(source.map(\.description) ?? "all")"]
        if let destination { words.append("to \(destination)") }
        if let mark { words.append("fwmark 0x\(String(mark, radix: 16))") }
        if let inDevice { words.append("iif \(inDevice)") }
        if let outDevice { words.append("oif \(outDevice)") }
        words.append(action == "lookup" ? "lookup \(table == 254 ? "main" : String(table))" : action)
        return words.joined(separator: " ")
    }

    /// One of the three rules that every namespace begins with.
    var isDefault: Bool {
        source == nil && destination == nil && mark == nil && inDevice == nil && outDevice == nil
            && [253, 254, 255].contains(table) && action == "lookup"
    }
}

extension Namespace {
    /// The lookup of fib_rules and the FIB: rules by priority, in each table the longest prefix, then the metric.
    ///
    /// - Parameter mainOnly: as if there were only the rules that every namespace begins with.
    func lookUpRoute(
        to destination: IPAddress, source: IPAddress?, mark: UInt32, inDevice: String?, mainOnly: Bool = false
    ) -> RouteChoice {
        if destination.isLoopback || holds(destination) {
            let device = links.first { $0.kind == "loopback" || $0.name == "lo" }?.name
            return RouteChoice(kind: "local", table: 255, device: device, preferredSource: destination, tables: [255])
        }
        var ordered = rules.filter { $0.covers(destination.family) && (!mainOnly || $0.isDefault) }
            .sorted { $0.priority < $1.priority }
        if !ordered.contains(where: \.isDefault) && rules.isEmpty || mainOnly && ordered.isEmpty {
            let family = destination.isIPv4 ? 2 : 10
            ordered = [
                RoutingRule(priority: 0, family: family, table: 255), RoutingRule(priority: 32766, family: family),
                RoutingRule(priority: 32767, family: family, table: 253),
            ]
        }
        var tables: [UInt32] = []
        for rule in ordered {
            if let prefix = rule.source {
                guard let source, !source.isUnspecified, prefix.contains(source) else { continue }
            }
            if let prefix = rule.destination, !prefix.contains(destination) { continue }
            if let wanted = rule.mark {
                let mask = rule.markMask ?? .max
                guard mark & mask == wanted & mask else { continue }
            }
            if let device = rule.inDevice, device != (inDevice ?? "lo") { continue }
            // What else a rule may ask can't be told here; the kernel's own answer decides where it was asked.
            if rule.outDevice != nil || rule.detail != nil { continue }
            guard rule.action == "lookup" else {
                if ["blackhole", "unreachable", "prohibit"].contains(rule.action) {
                    return RouteChoice(kind: rule.action, table: nil, rule: rule, tables: tables)
                }
                continue
            }
            if tables.last != rule.table { tables.append(rule.table) }
            guard let route = bestRoute(to: destination, table: rule.table), route.kind != "throw" else { continue }
            // The kernel's own "unreachable default dev lo" of IPv6 stands for "no route".
            if route.kind == "unreachable", route.metric == .max { continue }
            let hop = route.nextHops.first
            return RouteChoice(
                kind: route.kind, table: rule.table, device: route.device ?? hop?.device,
                gateway: route.gateway ?? hop?.gateway, preferredSource: route.preferredSource, route: route,
                rule: rule,
                tables: tables)
        }
        return RouteChoice(tables: tables)
    }

    private func bestRoute(to destination: IPAddress, table: UInt32) -> Route? {
        var best: Route?
        for route in routes where route.table == table && route.destination.contains(destination) {
            if route.flags?.contains("dead") == true { continue }
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
