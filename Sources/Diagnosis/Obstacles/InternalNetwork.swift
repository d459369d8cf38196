internal import Network
internal import Ruleset
internal import Wire

/// A Docker network that was made with `--internal`: its containers have no default route, and Docker's rules drop what
/// would leave its bridge for another network, or come from one.
struct InternalNetwork {
    /// The namespace of Docker's bridge, and the bridge.
    var host: Namespace
    var bridge: String
    /// The rule that keeps the network in.
    var rule: RuleReference

    /// Nil where a packet without a route is not kept in by such a rule of a router on its link.
    init?(_ step: RouteStep, _ surroundings: Surroundings) {
        let (namespace, destination) = (step.namespace, step.packet.destination)
        guard step.inDevice == nil else { return nil }
        for gateway in surroundings.gateways(for: step.packet, namespace, thatForward: false) {
            guard let host = surroundings.topology[namespace: gateway.namespace],
                let bridge = host.links.first(where: { link in
                    link.addresses.contains { $0.address == gateway.address } && host.isDockerBridge(link.name)
                }),
                let network = bridge.addresses.first(where: { $0.address == gateway.address }),
                let own = namespace.links.flatMap(\.addresses).first(where: { network.contains($0.address) })
            else { continue }
            var packet = step.packet
            packet.source = own.address
            packet.connection = .new
            let out = host.lookUpRoute(
                to: destination, source: own.address, mark: 0, inDevice: bridge.name
            ).device
            let site = RuleSite(namespace: host, inDevice: bridge.name, outDevice: out)
            let families: Set<TableFamily> = [destination.isIPv4 ? "ip" : "ip6", "inet"]
            let traversal = HookTraversal(site: site, hook: .forward, families: families)
            guard let ending = traversal.run(packet).ending,
                RuleEnding(ending: ending, traversal: traversal, packet: packet).keepsIn(bridge)
            else { continue }
            (self.host, self.bridge, self.rule) = (host, bridge.name, ending.rule)
            return
        }
        return nil
    }
}

extension RuleEnding {
    /// Whether this is Docker's rule for an internal network on `bridge`: it drops all that is not of the bridge's own
    /// network, in one direction.
    func keepsIn(_ bridge: Link) -> Bool {
        guard isDocker, case .drop = ending.kind, let position = rule.position,
            let compiled = namespace.netfilter.compiled[CompiledChain.Key(ending.chain)]?.rules.first(where: {
                $0.reference.position == position
            })
        else { return false }
        return compiled.matches.contains { match in
            guard case .address = match.field, match.isNegated else { return false }
            return match.prefixes.contains { prefix in
                bridge.addresses.contains { $0.network == prefix.network }
            }
        }
    }
}
