internal import Network
internal import Probes
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// Routes and rules of routing that lead the packet, or its answer, elsewhere or nowhere.
    func routeRemovals(_ namespace: Namespace) -> [Candidate] {
        let wanted = ends
        let routes = namespace.routes.filter { route in
            route.destination.address.family == family && route.origin != .kernel && route.kind != .local
                && (route.kind.isRefusal || route.kind == .throw || wanted.contains { route.destination.contains($0) })
        }.map { route in
            let isSpecial = route.kind.isRefusal || route.kind == .throw
            var words: CommandWords = "route del"
            if isSpecial { words += "\(route.kind.rawValue)" }
            words += "\(route.destinationText)"
            if let gateway = route.gateway { words += "via \(gateway)" }
            if let device = route.device { words += "dev \(device)" }
            if route.table != .main { words += "table \(route.table)" }
            if route.metric != 0, isIPv4 || route.metric != 1024 { words += "metric \(route.metric)" }
            return Candidate(
                isSpecial ? .routeRemoval : .turn, [.ip(namespace, family, words)],
                condition:
                    "the route \(isSpecial ? "\(route.kind.rawValue) " : "")\(route.destinationText) taken away in \(namespace.name)",
                code: isSpecial ? "blackhole-route" : "wrong-route", place: place(namespace, device: route.device),
                breadth: .device, object: "\(namespace.name) route \(words.words.joined(separator: " "))")
        }
        let rules = namespace.rules.filter { $0.covers(family) && !$0.isDefault }.map { rule in
            let isRefusal = rule.action.refusal != nil
            return Candidate(
                isRefusal ? .routeRemoval : .turn, [.ip(namespace, family, "rule del priority \(rule.priority)")],
                condition: "the routing rule \(rule.priority) taken away in \(namespace.name)",
                code: isRefusal ? "blackhole-route" : "routed-elsewhere", place: place(namespace), breadth: .rule,
                object: "\(namespace.name) rule \(rule.priority)")
        }
        return routes + rules
    }

    /// The addresses of the packet and of the ones that it may come from.
    var ends: [IPAddress] {
        let sender = topology.namespaces.first { $0.name == from }
        let own = sender?.links.flatMap(\.addresses).map(\.address).filter {
            $0.family == family && !$0.isOfOneLink && !$0.isLoopback
        }
        return [request.destination] + (request.source.map { [$0] } ?? own ?? [])
    }

    /// Routes in both directions by each neighbour that forwards, and by each device.
    func routes(_ namespace: Namespace) -> [Candidate] {
        var result: [Candidate] = []
        let hasDefault = namespace.routes.contains {
            $0.destination.length == 0 && $0.destination.address.family == family && $0.table == .main
        }
        for (device, gateway) in gateways(of: namespace, to: ends) {
            if !hasDefault || namespace.name == from {
                result.append(
                    Candidate(
                        hasDefault ? .turn : .route,
                        [.ip(namespace, family, "route replace default via \(gateway) dev \(device)")],
                        condition: "a default route via \(gateway) in \(namespace.name)",
                        code: hasDefault ? "wrong-gateway" : namespace.name == from ? "no-route" : "no-return-path",
                        place: place(namespace), breadth: .rule, object: "\(namespace.name) route default"))
            }
        }
        for end in ends where !namespace.holds(end) {
            for (device, gateway) in gateways(of: namespace, to: [end]) where gateway != end {
                result.append(route(to: end, via: gateway, dev: device, in: namespace))
            }
        }
        for link in namespace.links where !link.isLoopback && link.master == nil && link.bridgePort == nil {
            for end in ends where !namespace.holds(end) {
                result.append(
                    Candidate(
                        .turn, [.ip(namespace, family, "route replace \(end) dev \(link.name)")],
                        condition: "a route to \(end) by \(link.name) in \(namespace.name)",
                        code: code(ofRouteTo: end, in: namespace), place: place(namespace, device: link.name),
                        object: "\(namespace.name) route \(end)"))
            }
        }
        return result
    }

    func route(to end: IPAddress, via gateway: IPAddress, dev device: String, in namespace: Namespace) -> Candidate {
        Candidate(
            .route, [.ip(namespace, family, "route replace \(end) via \(gateway) dev \(device)")],
            condition: "a route to \(end) via \(gateway) in \(namespace.name)",
            code: code(ofRouteTo: end, in: namespace), place: place(namespace),
            object: "\(namespace.name) route \(end)")
    }

    /// A router that knows another path has a wrong route; one that knows none has none.
    private func code(ofRouteTo end: IPAddress, in namespace: Namespace) -> FindingCode {
        let hasRoute = namespace.routes.contains {
            $0.table != .local && $0.destination.address.family == family && $0.destination.contains(end)
        }
        guard end == request.destination else { return hasRoute ? "reply-routed-elsewhere" : "no-return-path" }
        if !hasRoute { return "no-route" }
        if circle(to: end).contains(where: { $0.namespace.name == namespace.name }) { return "routing-loop" }
        let choice = namespace.lookUpRoute(to: end, source: nil, mark: 0, inDevice: nil)
        guard choice.kind == .unicast, let gateway = choice.gateway,
            let link = choice.device.flatMap({ namespace[device: $0] })
        else { return "wrong-route" }
        let next = topology.namespaces.filter { $0.name != namespace.name && $0.holds(gateway) }
        if next.isEmpty { return isWithin(link, of: namespace) ? "gateway-unreachable" : "wrong-route" }
        return next.contains { forwards($0) || $0.holds(end) } ? "wrong-route" : "wrong-gateway"
    }

    /// Whether all that lies behind a link is in the topology: a virtual one, or a bridge of none but such.
    private func isWithin(_ link: Link, of namespace: Namespace) -> Bool {
        if link.bridge == nil { return link.peer?.namespace != nil }
        return namespace.links.filter { $0.master == link.name }.allSatisfy { $0.peer?.namespace != nil }
    }

    func forwards(_ namespace: Namespace) -> Bool {
        namespace.isOn(isIPv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding")
    }

    /// Addresses of other namespaces on a link's own network, where they forward, or have one of the ends themselves.
    private func gateways(
        of namespace: Namespace, to ends: [IPAddress]
    ) -> [(device: String, address: IPAddress)] {
        var result: [(String, IPAddress)] = []
        for link in namespace.links {
            for prefix in link.addresses where prefix.address.family == family && !prefix.address.isLoopback {
                if prefix.address.isOfOneLink { continue }
                for other in topology.namespaces where other.name != namespace.name {
                    guard forwards(other) || ends.contains(where: other.holds) else { continue }
                    for address in other.links.flatMap(\.addresses).map(\.address)
                    where prefix.contains(address) && address != prefix.address {
                        result.append((link.name, address))
                    }
                }
            }
        }
        return result
    }

    /// Addresses that two hold, and ones whose network has another size than that of their neighbours.
    func addresses(_ namespace: Namespace) -> [Candidate] {
        var result: [Candidate] = []
        let others = topology.namespaces.filter { $0.name != namespace.name }.flatMap { $0.links }.flatMap(\.addresses)
        for link in namespace.links {
            for prefix in link.addresses
            where prefix.address.family == family && !prefix.address.isOfOneLink && !prefix.address.isLoopback {
                if others.contains(where: { $0.address == prefix.address }) {
                    result.append(
                        Candidate(
                            .address, [.ip(namespace, "address del \(prefix) dev \(link.name)")],
                            condition: "no \(prefix.address) at \(link.name) in \(namespace.name)",
                            code: "duplicate-address", place: place(namespace, device: link.name),
                            object: "address \(prefix.address)"))
                }
                let lengths = Set(
                    others.filter { other in
                        other.length != prefix.length
                            && (other.contains(prefix.address) || prefix.contains(other.address))
                    }.map(\.length))
                for length in lengths.sorted() {
                    result.append(
                        Candidate(
                            .address,
                            [
                                .ip(namespace, "address add \(prefix.address)/\(length) dev \(link.name)"),
                                .ip(namespace, "address del \(prefix) dev \(link.name)"),
                            ],
                            condition: "\(prefix.address)/\(length) at \(link.name) in \(namespace.name)",
                            code: "wrong-netmask", place: place(namespace, device: link.name),
                            object: "\(namespace.name) address \(prefix.address)"))
                }
            }
        }
        return result
    }

    /// Links that take less than others, raised, with their other ends; routes that have a size of their own.
    func sizes(_ namespace: Namespace) -> [Candidate] {
        let largest = topology.namespaces.flatMap(\.links).filter { !$0.isLoopback }.map(\.mtu).max() ?? 1500
        var result: [Candidate] = []
        for link in namespace.links where !link.isLoopback && link.mtu < max(largest, 1500) && link.vxlan == nil {
            var actions: [RemedyAction] = [
                .ip(namespace, "link set dev \(link.name) mtu \(max(largest, 1500))")
            ]
            if let peer = link.peer, let name = peer.namespace,
                let other = topology.namespaces.first(where: { $0.name == name }),
                let end = other[device: peer.device], end.mtu < max(largest, 1500)
            {
                actions.append(.ip(other, "link set dev \(peer.device) mtu \(max(largest, 1500))"))
            }
            result.append(
                Candidate(
                    .size, actions, condition: "an MTU of \(max(largest, 1500)) at \(link.name) in \(namespace.name)",
                    code: "mtu-exceeded", place: place(namespace, device: link.name),
                    object: "\(namespace.name) \(link.name) mtu"))
        }
        for route in namespace.routes
        where route.mtu != nil && route.destination.address.family == family && route.origin != .kernel {
            var words: CommandWords = "route replace \(route.destinationText)"
            if let gateway = route.gateway { words += "via \(gateway)" }
            if let device = route.device { words += "dev \(device)" }
            if route.table != .main { words += "table \(route.table)" }
            result.append(
                Candidate(
                    .size, [.ip(namespace, family, words)],
                    condition: "no MTU of its own at the route \(route.destinationText) in \(namespace.name)",
                    code: "mtu-exceeded", place: place(namespace, device: route.device),
                    object: "\(namespace.name) mtu \(route.destinationText)"))
        }
        return result
    }
}

extension Namespace {
    /// Whether a setting is on.
    fileprivate func isOn(_ name: String) -> Bool { sysctls[name] == "1" }
}

extension IPAddress {
    /// Whether it means nothing beyond its link. Of IPv4 those of 169.254.0.0/16 are routed as any others: plugins of CNI use them.
    var isOfOneLink: Bool { !isIPv4 && isLinkLocal }
}
