internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A port is asked for from outside, but no DNAT rule sends it to the namespace that serves it.
struct PortNotPublished: Obstacle {
    let code: FindingCode = "port-not-published"
    let steps: Set<PathStep.Kind> = [.socket]
    let reasons: Set<DropReason> = ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"]
    let traits: ObstacleTraits = [.explainsSilence, .concernsDatagram]

    /// Docker's rules drop what is sent to a container's address itself.
    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        guard let out = rule.dockerBridge, rule.otherDockerBridge == nil, rule.site.inDevice != out.name,
            rule.packet.isDestinationTranslated != true, !rule.packet.isReply
        else { return nil }
        let published = rule.namespace.publishedPorts
        var finding = base
        finding.message = rule.dockerMessage(
            "the container's port is not published: from outside, Docker admits only connections to published ports, and no DNAT rule matched this packet to \(rule.packet.destination)"
        )
        finding.evidence.append(
            .state("published: \(published.isEmpty ? "nothing" : published.joined(separator: ", "))"))
        if let port = rule.packet.destinationPort,
            let server = surroundings.topology.namespaces.first(where: {
                $0.name != rule.namespace.name && $0.holds(rule.packet.destination)
            })
        {
            finding.remedy?.owner = OwnerRemedies.publication(of: port, rule.packet.ipProtocol, in: server)
        }
        return finding
    }

    /// A host was asked for a port that only a namespace reached through it serves, or that is none of those that it
    /// publishes.
    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .socket(let step) = step, step.isUnserved(surroundings), step.listenersElsewhere.isEmpty,
            step.matching.isEmpty, step.broadcastLink == nil,
            let port = step.packet.destinationPort,
            step.namespace[device: step.device]?.kind != .loopback || !step.packet.destination.isLoopback
        else { return [] }
        let (packet, namespace) = (step.packet, step.namespace)
        let name = packet.ipProtocol.description
        // A rule publishes it, and the packet came here all the same: who is to blame is not this.
        if step.publication != nil || step.foreignRoute(surroundings) != nil { return [] }
        let isIPv4 = packet.destination.isIPv4
        let published = namespace.publications.filter {
            $0.kind == .dnat && ($0.rule.family == .inet || ($0.rule.family == .ip) == isIPv4)
        }
        if let own = ForwardedPort(step) { return [.candidate(notForItself(own, step))] }
        if let publication = ConditionalPublication(step) { return [.candidate(publishedElsewhere(publication, step))] }
        let server = server(of: port, step, surroundings)
        if server == nil, published.isEmpty { return [] }
        let ports = namespace.publishedPorts
        let known = ports.isEmpty ? "nothing" : ports.prefix(6).joined(separator: ", ")
        let isOwn = step.isSentHere
        let place = Finding.Place(namespace: namespace.name, hook: isOwn ? .output : .prerouting)
        guard let server else {
            return stops(
                at: place,
                "nothing in \(namespace.name) listens on \(name) port \(port), and no port forwarding (DNAT rule) sends it elsewhere; published: \(known)",
                evidence: [
                    .state("no \(name) socket on port \(port) in \(namespace.name)"),
                    .state("published: \(known)"),
                ])
        }
        let socket = packet.destination.text(port: port)
        var remedy = Remedy(publication(step, to: server))
        remedy.owner = OwnerRemedies.publication(of: port, packet.ipProtocol, in: server.namespace)
        return stops(
            at: place,
            "port \(port) is open in \(server.namespace.name) (\(server.address)) but not published: no DNAT rule in \(namespace.name) \(isOwn ? "(nat OUTPUT, for what it sends itself) " : "")forwards \(socket) to it, so it is reachable from inside only; published: \(known)",
            evidence: [
                .state("\(server.namespace.name) listens on \(name) port \(port)"),
                .state("published: \(known)"),
            ], remedy: remedy)
    }

    private struct Server {
        var namespace: Namespace
        var address: IPAddress
        /// The router's device towards it.
        var device: String
    }

    /// A namespace that serves the port and is joined to the one that was asked, which is its default gateway.
    private func server(of port: UInt16, _ step: SocketStep, _ surroundings: Surroundings) -> Server? {
        let router = step.namespace
        let isIPv4 = step.packet.destination.isIPv4
        let inside = surroundings.topology.namespaces.filter { other in
            other.name != router.name
                && other.routes.contains { route in
                    route.destination.length == 0
                        && route.gateway.map { router.holds($0) && $0.isIPv4 == isIPv4 } == true
                }
                && other.listeners.contains {
                    $0.isOn(step.packet.ipProtocol, port: port)
                }
        }
        guard !inside.isEmpty else { return nil }
        // That a gateway has an address of the router's is not enough: other networks may use the same ones.
        for link in router.links where link.kind != .loopback && link.master == nil && !link.addresses.isEmpty {
            for path in surroundings.context.graph.segment(out: link.name, of: router.name).paths where !path.isOutside
            {
                guard let other = inside.first(where: { $0.name == path.end.namespace }),
                    let end = other[device: path.end.device]
                else { continue }
                for own in end.addresses where own.address.isIPv4 == isIPv4 && !own.address.isLinkLocal {
                    let serves = other.listeners.contains {
                        $0.isOn(step.packet.ipProtocol, port: port) && $0.takes(own.address)
                    }
                    if serves, link.addresses.contains(where: { $0.contains(own.address) }) {
                        return Server(namespace: other, address: own.address, device: link.name)
                    }
                }
            }
        }
        return nil
    }

    /// The DNAT rule for one port, and what forwarding then still lacks.
    private func publication(_ step: SocketStep, to server: Server) -> [RemedyAction] {
        let (packet, namespace) = (step.packet, step.namespace)
        if step.isSentHere { return translation(packet, namespace, to: server.address, .output) }
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
        return translation(packet, namespace, to: server.address, .prerouting) + accept
    }

    /// The port is forwarded for what comes from outside; what the namespace sends itself passes `output` instead.
    private func notForItself(_ port: ForwardedPort, _ step: SocketStep) -> Candidate {
        let name = step.namespace.name
        return candidate(
            at: Finding.Place(namespace: name, hook: .output),
            "\(port.rule.name) in \(name) forwards port \(step.packet.destinationPort ?? 0) to \(port.target), but in PREROUTING only: what \(name) sends itself passes nat OUTPUT, where no DNAT rule matches it",
            evidence: [
                .state("\(port.rule.name): \(port.rule.text ?? "")"),
                .state("no rule of nat OUTPUT in \(name) translates it"),
            ], rule: port.rule,
            remedy: Remedy(
                translation(step.packet, step.namespace, to: port.target, port: port.port, .output)))
    }

    /// The port is published, but not for what this packet asked for.
    private func publishedElsewhere(_ publication: ConditionalPublication, _ step: SocketStep) -> Candidate {
        let (name, packet) = (step.namespace.name, step.packet)
        let socket = packet.destination.text(port: packet.destinationPort)
        return candidate(
            at: Finding.Place(namespace: name, hook: .prerouting, device: step.device),
            "\(socket) is not published: \(publication.rule.name) in \(name) sends \(packet.ipProtocol) port \(packet.destinationPort ?? 0) to \(publication.target), \(publication.words)",
            evidence: [
                .state("\(publication.rule.name): \(publication.rule.text ?? "")"),
                .state("no \(packet.ipProtocol) socket on port \(packet.destinationPort ?? 0) in \(name)"),
            ], rule: publication.rule,
            remedy: Remedy(
                translation(packet, step.namespace, to: publication.target, port: publication.port, .prerouting)))
    }

    /// The DNAT rule in the backend that the namespace uses for it.
    private func translation(
        _ packet: PacketState, _ namespace: Namespace, to target: IPAddress, port other: UInt16? = nil,
        _ hook: NetfilterHook
    ) -> [RemedyAction] {
        let isIPv4 = target.isIPv4
        let name = packet.ipProtocol.description
        let port = packet.destinationPort ?? 0
        let socket = target.text(port: other ?? port)
        guard namespace.netfilter.backend == ["nft"] else {
            return [
                .iptables(
                    namespace,
                    IptablesChange(
                        isIPv4: isIPv4, isLegacy: namespace.netfilter.backend == ["iptables-legacy"], table: "nat",
                        chain: hook == .output ? "OUTPUT" : "PREROUTING", .last,
                        rule:
                            "-d \(packet.destination) -p \(name) --dport \(port) -j DNAT --to-destination \(socket)"))
            ]
        }
        let family = isIPv4 ? "ip" : "ip6"
        let match: CommandWords = "\(family) daddr \(packet.destination) \(name) dport \(port)"
        let chain = namespace.netfilter.chains.first {
            $0.hook == hook && ["inet", family].contains($0.family.rawValue)
                && ($0.kind == .nat || $0.kind == nil && $0.table == "nat")
        }
        guard let chain else {
            // nft has no name for this priority at output.
            let priority = hook == .output ? "-100" : "dstnat"
            return [
                .nft(namespace, "add table \(family) nat"),
                .nft(
                    namespace,
                    "add chain \(family) nat \(hook.rawValue) \("{ type nat hook \(hook.rawValue) priority \(priority); }")"
                ),
                .nft(namespace, "add rule \(family) nat \(hook.rawValue) \(words: match) dnat to \(socket)"),
            ]
        }
        let to: CommandWords = chain.family == .inet ? "dnat \(family) to \(socket)" : "dnat to \(socket)"
        return [
            .nft(namespace, "add rule \(chain.family) \(chain.table) \(chain.name) \(words: match) \(words: to)")
        ]
    }
}
