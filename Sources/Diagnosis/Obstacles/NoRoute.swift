internal import Ruleset
internal import Wire
internal import Observations
internal import Network
internal import WalkModel

/// No table has a route to the destination.
struct NoRoute: Obstacle {
    let code: FindingCode = "no-route"
    let steps: Set<PathStep.Kind> = [.route]
    let reasons: Set<DropReason> = ["IP_INNOROUTES", "IP_OUTNOROUTES"]
    let traits: ObstacleTraits = .lacksRoute

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .route(let step) = step, step.choice.kind != .local, !step.choice.isDiscarding else { return [] }
        let (namespace, choice, destination) = (step.namespace, step.choice, step.packet.destination)
        guard choice.kind == nil else {
            return [
                .passed(
                    "route in \(namespace.name) to \(destination): \(choice.text) (\(choice.evidence.rawValue))"
                )
            ]
        }
        if step.downLink != nil || step.linkWithoutCarrier != nil || step.disabledIPv6 != nil
            || InternalNetwork(step, surroundings) != nil
        {
            return []
        }
        if let unread = step.mainTableUnread { return [.candidate(withoutRule(step, unread))] }
        // One that has a route there but does not forward yet is next in line.
        let gateway =
            surroundings.gateways(for: step.packet, namespace).first
            ?? surroundings.gateways(for: step.packet, namespace, thatForward: false).first
        let ignored = step.ignoredAdvertisements.prefix(3)
        let advertisements =
            ignored.isEmpty
            ? ""
            : "; router advertisements are ignored on \(ignored.joined(separator: ", ")): it forwards, and accept_ra is 1 there (2 accepts them all the same)"
        let looked = choice.tables.isEmpty ? "" : ", looked up in \(names(of: choice.tables))"
        return stops(
            at: Finding.Place(namespace: namespace.name, device: step.inDevice),
            "\(namespace.name) has no route to \(destination): \(known(step))\(advertisements)",
            evidence: [Fact(choice.evidence, "no route to \(destination) in \(namespace.name)\(looked)")]
                + ignored.map { .state("net.ipv6.conf.\($0).accept_ra = 1 and forwarding = 1 in \(namespace.name)") },
            remedy: joined(namespace) ?? attached(step, surroundings)
                ?? gateway.map {
                    let target = target(step.packet, surroundings)
                    return Remedy([.ip(namespace, destination.family, "route add \(target) via \($0.address)")])
                })
    }

    /// The table main would have a route, and no rule that matches the packet leads to it.
    private func withoutRule(_ step: RouteStep, _ route: Route) -> Candidate {
        let (namespace, destination) = (step.namespace, step.packet.destination)
        let gateway = route.gateways.first.map { " via \($0)" } ?? ""
        let text = "\(route.destinationText)\(gateway)\(route.device.map { " dev \($0)" } ?? "")"
        let rules = namespace.rules.filter { $0.covers(destination.family) }.map(\.text).joined(separator: "; ")
        return candidate(
            at: Finding.Place(namespace: namespace.name, device: step.inDevice),
            "\(namespace.name) finds no route to \(destination): no routing rule leads this packet to the table main, which has \(text) (\(rules))",
            evidence: [
                Fact(step.choice.evidence, "no route to \(destination) in \(namespace.name)"),
                .state("routing rules in \(namespace.name): \(rules)"),
            ], remedy: Remedy([.ip(namespace, destination.family, "rule add priority 32766 lookup main")]))
    }

    /// A container that its engine joined to no network; nil for what is none.
    private func joined(_ namespace: Namespace) -> Remedy? {
        guard namespace.isJoinedToNothing, !namespace.containers.isEmpty else { return nil }
        return Remedy(owner: OwnerRemedies.connection(of: namespace, to: "bridge"))
    }

    /// A route to somebody on a link of its own, or for a group by the only device that has one.
    private func attached(_ step: RouteStep, _ surroundings: Surroundings) -> Remedy? {
        let (namespace, destination) = (step.namespace, step.packet.destination)
        if let attachment = Attachment(of: destination, to: namespace, surroundings.context.graph) {
            return Remedy([attachment.route(to: destination, of: namespace, table: .main)])
        }
        guard destination.isMulticast, destination.isIPv4, step.inDevice == nil else { return nil }
        let links = namespace.links.filter { link in
            link.kind != .loopback && link.isUp && link.hasCarrier && link.master == nil
                && link.addresses.contains { $0.address.isIPv4 }
        }
        guard links.count == 1, let link = links.first else { return nil }
        return Remedy([.ip(namespace, .ipv4, "route add \(destination) dev \(link.name)")])
    }

    /// A sender lacks a way out: a default route. A router on the path of a reply lacks one network: that of the asker.
    private func target(_ packet: PacketState, _ surroundings: Surroundings) -> String {
        guard packet.isReply else { return "default" }
        let holder = surroundings.topology.namespaces.first { $0.holds(packet.destination) }
        let network = holder?.links.flatMap(\.addresses).first {
            $0.contains(packet.destination) && $0.length < packet.destination.bitWidth
        }
        return network?.network.description ?? packet.destination.description
    }

    private func known(_ step: RouteStep) -> String {
        let routes = step.namespace.routes.filter {
            $0.kind == .unicast && $0.destination.address.family == step.packet.destination.family
                && !$0.destination.address.isLinkLocal && !$0.destination.address.isMulticast
        }
        if step.namespace.isJoinedToNothing {
            return step.namespace.containers.isEmpty
                ? "it has no device but lo" : "it has no device but lo: the container is joined to no network"
        }
        let known = routes.map { "\($0.destinationText)\($0.device.map { " on \($0)" } ?? "")" }
        switch known.count {
        case 0:
            return step.packet.destination.isIPv4
                ? "it has no IPv4 routes" : "it has no IPv6 routes except link-local ones"
        case 1: return "its only route is \(known[0])"
        default: return "its routes are \(known.prefix(6).joined(separator: ", "))\(known.count > 6 ? ", …" : "")"
        }
    }

    private func names(of tables: [RoutingTable]) -> String {
        let names = tables.map(\.description)
        return (names.count == 1 ? "table " : "tables ") + names.joined(separator: ", ")
    }
}

extension Namespace {
    /// Whether nothing leads out of it.
    fileprivate var isJoinedToNothing: Bool { links.allSatisfy { $0.isLoopback || $0.isUnusedTunnel } }
}

extension RouteStep {
    /// The route of the table main that would be taken, where no rule leads there; nil where one does, or where the rules were
    /// not read.
    fileprivate var mainTableUnread: Route? {
        guard !namespace.rules.isEmpty, !choice.tables.contains(.main),
            let route = namespace.bestRoute(to: packet.destination, table: .main), route.kind == .unicast,
            route.flags?.contains(.dead) != true
        else { return nil }
        return route
    }
}
