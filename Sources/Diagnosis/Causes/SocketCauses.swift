internal import Observations
internal import Network
internal import WalkModel
internal import Wire

/// The end of the way: no-listener, listener-elsewhere, socket-buffer-full, echo-ignored, and conntrack-full on it.
extension Projection {
    /// Whether the receiving namespace has anything that takes the packet.
    mutating func checkSocket(_ packet: PacketState, _ namespace: Namespace, _ device: String) {
        if packet.isEchoRequest {
            let key = packet.destination.isIPv4 ? "net.ipv4.icmp_echo_ignore_all" : "net.ipv6.icmp.echo_ignore_all"
            if namespace.sysctls[key] == "1" {
                add(
                    Candidate(
                        finding: Finding(
                            code: "echo-ignored", severity: .error, where: Finding.Place(namespace: namespace.name),
                            message: "\(namespace.name) answers no pings: \(key) = 1",
                            evidence: [.state("\(key) = 1 in \(namespace.name)")],
                            remedy: Remedy([.sysctl(namespace, key, "0")])), isCertain: true))
            }
            return
        }
        guard packet.ipProtocol == .udp || packet.ipProtocol == .tcp && packet.tcpFlags.map({ $0 & 18 == 2 }) ?? true,
            requestPassed == nil, let port = packet.destinationPort
        else { return }
        let name = packet.ipProtocol.description
        let here = namespace.listeners.filter { $0.protocol == name && $0.port == port }
        let matching = here.filter { $0.takes(packet.destination) }
        if let full = matching.first(where: { isFull($0, namespace) }) {
            add(bufferFull(full, packet, namespace))
        } else if matching.isEmpty,
            !namespace.listeners.isEmpty || context.topology.namespaces.contains(where: { !$0.listeners.isEmpty })
        {
            var candidate = noListener(packet, namespace, device)
            candidate.isCertain = true
            add(candidate)
        } else if !matching.isEmpty {
            check(false, "\(matching[0].process ?? "a socket") listens on \(name) port \(port) in \(namespace.name)")
        }
    }

    /// The finding that nobody takes the packet: with other addresses of the same port if there are any.
    func noListener(_ packet: PacketState, _ namespace: Namespace, _ device: String) -> Candidate {
        let name = packet.ipProtocol.description
        let port = packet.destinationPort ?? 0
        let elsewhere = namespace.listeners.filter {
            $0.protocol == name && $0.port == port && !$0.takes(packet.destination)
        }
        let others = namespace.listeners.filter { $0.protocol == name }.map(\.words)
        let place = Finding.Place(namespace: namespace.name, hook: .input)
        if let other = elsewhere.first {
            return Candidate(
                finding: Finding(
                    code: "listener-elsewhere", severity: .error, where: place,
                    message:
                        "the packet arrived in \(namespace.name), but \(other.process ?? "the server") listens on \(other.address) only, not on \(packet.destination): let it listen on \(packet.destination.isIPv4 ? "0.0.0.0" : "::")",
                    evidence: [.state("\(other.words) in \(namespace.name)")]),
                isCertain: true, reasons: ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"])
        }
        if let finding = notPublished(packet, namespace, device) { return finding }
        return Candidate(
            finding: Finding(
                code: "no-listener", severity: .error, where: place,
                message:
                    "the packet arrived in \(namespace.name), and nobody listens on \(name) port \(port) there; "
                    + (others.isEmpty
                        ? "nothing listens on \(name) at all"
                        : "what listens: \(others.prefix(6).joined(separator: ", "))"),
                evidence: [.state("no \(name) socket on port \(port) in \(namespace.name)")]),
            isCertain: true, reasons: ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"])
    }

    /// A host was asked from outside for a port that only a namespace behind it serves, or that is none of those that it
    /// publishes.
    private func notPublished(_ packet: PacketState, _ namespace: Namespace, _ device: String) -> Candidate? {
        guard let port = packet.destinationPort, namespace[device: device]?.kind != "loopback" else { return nil }
        let name = packet.ipProtocol.description
        let isIPv4 = packet.destination.isIPv4
        let published = namespace.netfilter.nat.filter {
            $0.kind == "dnat" && ($0.rule.family == "inet" || ($0.rule.family == "ip") == isIPv4)
        }
        let exposing = served(name, port, behind: namespace, isIPv4: isIPv4).first
        if exposing == nil, published.isEmpty { return nil }
        let ports = namespace.publishedPorts
        let known = ports.isEmpty ? "nothing" : ports.prefix(6).joined(separator: ", ")
        let socket = "\(packet.destination.isIPv4 ? "\(packet.destination)" : "[\(packet.destination)]"):\(port)"
        var finding = Finding(
            code: "port-not-published", severity: .error,
            where: Finding.Place(namespace: namespace.name, hook: .prerouting),
            message:
                "nobody listens on \(name) port \(port) in \(namespace.name) itself, and no DNAT rule of it publishes that port; what is published: \(known)",
            evidence: [.state("no \(name) socket on port \(port) in \(namespace.name)"), .state("published: \(known)")])
        if let exposing {
            finding.message =
                "port \(port) is open in \(exposing.namespace.name) (\(exposing.address)) but not published: no DNAT rule of \(namespace.name) sends \(socket) there, so it can be reached from inside only; what is published: \(known)"
            finding.evidence[0] = .state("\(exposing.namespace.name) listens on \(name) port \(port)")
            finding.remedy = Remedy(publish(packet, at: namespace, device, as: exposing.address, exposing.device))
        }
        return Candidate(
            finding: finding, isCertain: true, reasons: ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"])
    }

    /// Namespaces whose way out leads by `router`, that serve a port on an address of a network of it.
    private func served(
        _ name: String, _ port: UInt16, behind router: Namespace, isIPv4: Bool
    ) -> [(namespace: Namespace, address: IPAddress, device: String)] {
        topology.namespaces.compactMap { other in
            guard other.name != router.name,
                other.routes.contains(where: { route in
                    route.destination.length == 0
                        && route.gateway.map { router.holds($0) && $0.isIPv4 == isIPv4 } == true
                })
            else { return nil }
            for link in other.links where link.kind != "loopback" {
                for own in link.addresses where own.address.isIPv4 == isIPv4 && !own.address.isLinkLocal {
                    let serves = other.listeners.contains {
                        $0.protocol == name && $0.port == port && $0.takes(own.address)
                    }
                    let device = router.links.first {
                        $0.kind != "loopback" && $0.addresses.contains { $0.contains(own.address) }
                    }
                    if serves, let device { return (other, own.address, device.name) }
                }
            }
            return nil
        }
    }

    /// The DNAT rule for one port, in the backend that the namespace uses for it, and what forwarding then still lacks.
    private func publish(
        _ packet: PacketState, at namespace: Namespace, _ inDevice: String, as target: IPAddress, _ outDevice: String
    ) -> [RemedyAction] {
        let isIPv4 = target.isIPv4
        let name = packet.ipProtocol.description
        let port = packet.destinationPort ?? 0
        let socket = isIPv4 ? "\(target):\(port)" : "[\(target)]:\(port)"
        let chains = namespace.netfilter.chains.filter {
            $0.kind == "nat" || ($0.kind == nil && $0.table == "nat" && $0.hook != nil)
        }
        var actions: [RemedyAction] = []
        if namespace.netfilter.backend == ["nft"] {
            let family = isIPv4 ? "ip" : "ip6"
            let match: CommandWords = "\(family) daddr \(packet.destination) \(name) dport \(port)"
            if let chain = chains.first(where: { $0.hook == .prerouting && ["inet", family].contains($0.family) }) {
                let to: CommandWords = chain.family == "inet" ? "dnat \(family) to \(socket)" : "dnat to \(socket)"
                actions = [
                    .nft(
                        namespace,
                        "add rule \(chain.family) \(chain.table) \(chain.name) \(words: match) \(words: to)")
                ]
            } else {
                actions = [
                    .nft(namespace, "add table \(family) nat"),
                    .nft(
                        namespace,
                        "\("add chain \(family) nat prerouting { type nat hook prerouting priority dstnat; }")"),
                    .nft(namespace, "add rule \(family) nat prerouting \(words: match) dnat to \(socket)"),
                ]
            }
        } else {
            let isLegacy = namespace.netfilter.backend == ["iptables-legacy"]
            let rule: CommandWords =
                "-d \(packet.destination) -p \(name) --dport \(port) -j DNAT --to-destination \(socket)"
            actions = [
                .iptables(
                    namespace,
                    IptablesChange(
                        isIPv4: isIPv4, isLegacy: isLegacy, table: "nat", chain: "PREROUTING", .last, rule: rule))
            ]
        }
        var translated = packet
        translated.originalDestination = packet.destination
        translated.destination = target
        translated.isDestinationTranslated = true
        translated.connection = .new
        let site = RuleSite(namespace: namespace, inDevice: inDevice, outDevice: outDevice)
        let traversal = HookTraversal(site: site, hook: .forward, families: [isIPv4 ? "ip" : "ip6", "inet"])
        if let ending = traversal.run(translated).ending {
            actions += AcceptRemedy.actions(traversal: traversal, ending: ending, packet: translated)
        }
        return actions
    }

    private func isFull(_ listener: Listener, _ namespace: Namespace) -> Bool {
        if listener.protocol != "udp" { return false }
        let before = context.before?[namespace: namespace.name]?.listeners.first { $0.inode == listener.inode }
        if let before, listener.inode != 0, listener.drops > before.drops { return true }
        if let size = listener.receiveBufferBytes { return listener.receiveQueue >= size }
        return context.counters.contains {
            $0.namespace == namespace.name && $0.name.hasSuffix("RcvbufErrors") && $0.delta > 0
        } && listener.receiveQueue > 0
    }

    private func bufferFull(_ listener: Listener, _ packet: PacketState, _ namespace: Namespace) -> Candidate {
        let size = listener.receiveBufferBytes.map { " of \($0)" } ?? ""
        return Candidate(
            finding: Finding(
                code: "socket-buffer-full", severity: .error,
                where: Finding.Place(namespace: namespace.name, hook: .input),
                message:
                    "the packet arrived in \(namespace.name), but the receive buffer of \(listener.words) is full: \(listener.receiveQueue)\(size) bytes wait to be read, \(listener.drops) datagrams were dropped; the program does not read fast enough",
                evidence: [
                    .state(
                        "\(listener.receiveQueue)\(size) bytes queued, \(listener.drops) drops at \(listener.words) in \(namespace.name)"
                    )
                ]), isCertain: true, reasons: ["SOCKET_RCVBUFF", "PROTO_MEM", "SOCKET_BACKLOG"])
    }

    /// New connections are dropped where the table is full and no entry can be given up (nf_conntrack: table full,
    /// dropping packet).
    mutating func checkConntrackSpace(_ packet: PacketState, _ namespace: Namespace, _ hook: NetfilterHook) {
        guard packet.connection == .new || packet.connection == nil,
            let limit = namespace.sysctls["net.netfilter.nf_conntrack_max"].flatMap({ Int($0) }), limit > 0,
            let count = namespace.sysctls["net.netfilter.nf_conntrack_count"].flatMap({ Int($0) })
        else { return }
        func risen(_ name: String) -> UInt64 {
            context.counters.filter { $0.namespace == namespace.name && $0.name == "nf_conntrack.\(name)" }
                .reduce(0) { $0 + $1.delta }
        }
        // Early drops made room: they are counted where the table was full and the packet passed. What could not be
        // inserted shows under `insert_failed`, that for a clash of two packets too.
        let dropped = risen("drop")
        guard count >= limit || dropped > 0 else { return }
        var evidence: [Fact] = [
            .state("net.netfilter.nf_conntrack_count = \(count), net.netfilter.nf_conntrack_max = \(limit)")
        ]
        if dropped > 0 { evidence.append(.kernel("nf_conntrack.drop rose by \(dropped) in \(namespace.name)")) }
        add(
            Candidate(
                finding: Finding(
                    code: "conntrack-full", severity: .error,
                    where: Finding.Place(namespace: namespace.name, hook: hook),
                    message:
                        "the connection table of \(namespace.name) is full: \(count) of \(limit) entries; packets of new connections are dropped (the limit is the machine's: it is set in its first network namespace, for all)",
                    evidence: evidence,
                    remedy: Remedy([
                        RemedyAction(
                            in: nil, .sysctl(name: "net.netfilter.nf_conntrack_max", value: "\(limit * 2)"))
                    ])),
                isCertain: dropped > 0 || count >= limit, reasons: ["NETFILTER_DROP", "NOT_SPECIFIED"]))
    }
}

extension Listener {
    /// Whether a packet to `destination` is for this socket; an unspecified IPv6 address takes IPv4 too.
    func takes(_ destination: IPAddress) -> Bool {
        if address.isUnspecified { return !address.isIPv4 || destination.isIPv4 }
        if address == destination { return true }
        // ::ffff:a.b.c.d
        return !address.isIPv4 && destination.isIPv4 && address.high == 0
            && address.low == 0xffff << 32 | destination.low
    }

    var words: String {
        let host = address.isIPv4 ? address.description : "[\(address)]"
        return "\(process.map { "\($0) " } ?? "")\(`protocol`) \(host):\(port)"
    }
}
