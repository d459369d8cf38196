internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A port is asked for from outside, but no DNAT rule sends it to the namespace that serves it.
struct PortNotPublished: Obstacle {
    let code: FindingCode = "port-not-published"
    let steps: Set<PathStep.Kind> = [.socket]
    let reasons: Set = ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"]
    let traits: ObstacleTraits = [.explainsSilence, .concernsDatagram]

    /// Docker's rules drop what is sent to a container's address itself.
    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard let out = rule.dockerBridge, rule.otherDockerBridge == nil, rule.site.inDevice != out.name,
            rule.packet.isDestinationTranslated != true
        else { return nil }
        let published = rule.namespace.publishedPorts
        var finding = base
        finding.message = rule.dockerMessage(
            "the container's port is not published: from outside, Docker admits only connections to published ports, and no DNAT rule matched this packet to \(rule.packet.destination)"
        )
        finding.evidence.append(
            .state("published: \(published.isEmpty ? "nothing" : published.joined(separator: ", "))"))
        return finding
    }

    /// A host was asked for a port that only a namespace reached through it serves, or that is none of those that it
    /// publishes.
    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, step.isUnserved(surroundings), step.listenersElsewhere.isEmpty,
            step.matching.isEmpty,
            let port = step.packet.destinationPort, step.namespace[device: step.device]?.kind != "loopback"
        else { return [] }
        let (packet, namespace) = (step.packet, step.namespace)
        let name = packet.ipProtocol.description
        // A rule publishes it, and the packet came here all the same: who is to blame is not this.
        if step.publication != nil { return [] }
        let isIPv4 = packet.destination.isIPv4
        let published = namespace.netfilter.nat.filter {
            $0.kind == "dnat" && ($0.rule.family == "inet" || ($0.rule.family == "ip") == isIPv4)
        }
        let server = server(of: port, step, surroundings)
        if server == nil, published.isEmpty { return [] }
        let ports = namespace.publishedPorts
        let known = ports.isEmpty ? "nothing" : ports.prefix(6).joined(separator: ", ")
        let place = Finding.Place(namespace: namespace.name, hook: .prerouting)
        guard let server else {
            return stops(
                at: place,
                "nothing in \(namespace.name) listens on \(name) port \(port), and no port forwarding (DNAT rule) sends it elsewhere; published: \(known)",
                evidence: [
                    .state("no \(name) socket on port \(port) in \(namespace.name)"),
                    .state("published: \(known)"),
                ])
        }
        let socket = "\(isIPv4 ? "\(packet.destination)" : "[\(packet.destination)]"):\(port)"
        return stops(
            at: place,
            "port \(port) is open in \(server.namespace.name) (\(server.address)) but not published: no DNAT rule in \(namespace.name) forwards \(socket) to it, so it is reachable from inside only; published: \(known)",
            evidence: [
                .state("\(server.namespace.name) listens on \(name) port \(port)"),
                .state("published: \(known)"),
            ], remedy: Remedy(publication(step, to: server)))
    }

    private struct Server {
        var namespace: Namespace
        var address: IPAddress
        /// The router's device towards it.
        var device: String
    }

    /// A namespace whose default route leads to the one that was asked, and that serves the port.
    private func server(of port: UInt16, _ step: SocketStep, _ surroundings: Surroundings) -> Server? {
        let router = step.namespace
        let isIPv4 = step.packet.destination.isIPv4
        let inside = surroundings.topology.namespaces.lazy.filter { other in
            other.name != router.name
                && other.routes.contains { route in
                    route.destination.length == 0
                        && route.gateway.map { router.holds($0) && $0.isIPv4 == isIPv4 } == true
                }
        }
        for other in inside {
            for link in other.links where link.kind != "loopback" {
                for own in link.addresses where own.address.isIPv4 == isIPv4 && !own.address.isLinkLocal {
                    let serves = other.listeners.contains {
                        $0.protocol == step.packet.ipProtocol.description && $0.port == port && $0.takes(own.address)
                    }
                    let device = router.links.first {
                        $0.kind != "loopback" && $0.addresses.contains { $0.contains(own.address) }
                    }
                    if serves, let device {
                        return Server(namespace: other, address: own.address, device: device.name)
                    }
                }
            }
        }
        return nil
    }

    /// The DNAT rule for one port, and what forwarding then still lacks.
    private func publication(_ step: SocketStep, to server: Server) -> [RemedyAction] {
        let (packet, namespace) = (step.packet, step.namespace)
        let isIPv4 = server.address.isIPv4
        var translated = packet
        translated.originalDestination = packet.destination
        translated.destination = server.address
        translated.isDestinationTranslated = true
        translated.connection = .new
        let site = RuleSite(namespace: namespace, inDevice: step.device, outDevice: server.device)
        let traversal = HookTraversal(site: site, hook: .forward, families: [isIPv4 ? "ip" : "ip6", "inet"])
        let accept =
            traversal.run(translated).ending.map {
                AcceptRemedy.actions(traversal: traversal, ending: $0, packet: translated)
            } ?? []
        return translation(packet, namespace, to: server.address) + accept
    }

    /// The DNAT rule in the backend that the namespace uses for it.
    private func translation(_ packet: PacketState, _ namespace: Namespace, to target: IPAddress) -> [RemedyAction] {
        let isIPv4 = target.isIPv4
        let name = packet.ipProtocol.description
        let port = packet.destinationPort ?? 0
        let socket = isIPv4 ? "\(target):\(port)" : "[\(target)]:\(port)"
        guard namespace.netfilter.backend == ["nft"] else {
            return [
                .iptables(
                    namespace,
                    IptablesChange(
                        isIPv4: isIPv4, isLegacy: namespace.netfilter.backend == ["iptables-legacy"], table: "nat",
                        chain: "PREROUTING", .last,
                        rule:
                            "-d \(packet.destination) -p \(name) --dport \(port) -j DNAT --to-destination \(socket)"))
            ]
        }
        let family = isIPv4 ? "ip" : "ip6"
        let match: CommandWords = "\(family) daddr \(packet.destination) \(name) dport \(port)"
        let chain = namespace.netfilter.chains.first {
            $0.hook == .prerouting && ["inet", family].contains($0.family.rawValue)
                && ($0.kind == "nat" || $0.kind == nil && $0.table == "nat")
        }
        guard let chain else {
            return [
                .nft(namespace, "add table \(family) nat"),
                .nft(
                    namespace, "\("add chain \(family) nat prerouting { type nat hook prerouting priority dstnat; }")"),
                .nft(namespace, "add rule \(family) nat prerouting \(words: match) dnat to \(socket)"),
            ]
        }
        let to: CommandWords = chain.family == "inet" ? "dnat \(family) to \(socket)" : "dnat to \(socket)"
        return [
            .nft(namespace, "add rule \(chain.family) \(chain.table) \(chain.name) \(words: match) \(words: to)")
        ]
    }
}
