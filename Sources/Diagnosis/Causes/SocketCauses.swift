internal import Observations
internal import Topology
internal import Walks
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
                            evidence: ["state: \(key) = 1 in \(namespace.name)"],
                            remedy: Finding.Remedy(commands: [scope(namespace).sysctl(key, "0")])), isCertain: true))
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
            var candidate = noListener(packet, namespace)
            candidate.isCertain = true
            add(candidate)
        } else if !matching.isEmpty {
            check(false, "\(matching[0].process ?? "a socket") listens on \(name) port \(port) in \(namespace.name)")
        }
    }

    /// The finding that nobody takes the packet: with other addresses of the same port if there are any.
    func noListener(_ packet: PacketState, _ namespace: Namespace) -> Candidate {
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
                    evidence: ["state: \(other.words) in \(namespace.name)"]),
                isCertain: true, reasons: ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"])
        }
        if let finding = notPublished(packet, namespace) { return finding }
        return Candidate(
            finding: Finding(
                code: "no-listener", severity: .error, where: place,
                message:
                    "the packet arrived in \(namespace.name), and nobody listens on \(name) port \(port) there; "
                    + (others.isEmpty
                        ? "nothing listens on \(name) at all"
                        : "what listens: \(others.prefix(6).joined(separator: ", "))"),
                evidence: ["state: no \(name) socket on port \(port) in \(namespace.name)"]),
            isCertain: true, reasons: ["NO_SOCKET", "TCP_CLOSE", "NOT_SPECIFIED"])
    }

    /// A host with containers behind it was asked for a port that one of them has, and that is not published.
    private func notPublished(_ packet: PacketState, _ namespace: Namespace) -> Candidate? {
        let hasDocker = namespace.netfilter.chains.contains {
            $0.name == "DOCKER" || $0.table.hasPrefix("docker-bridges")
        }
        guard hasDocker, let port = packet.destinationPort else { return nil }
        let name = packet.ipProtocol.description
        let bridges = namespace.links.filter { $0.kind == "bridge" && namespace.isDockerBridge($0.name) }
        let exposing = topology.namespaces.first { other in
            other.name != namespace.name
                && other.listeners.contains { $0.protocol == name && $0.port == port && !$0.address.isLoopback }
                && other.links.contains { link in
                    link.addresses.contains { address in
                        bridges.contains { $0.addresses.contains { $0.contains(address.address) } }
                    }
                }
        }
        let isPublished = namespace.netfilter.nat.contains {
            $0.kind == "dnat" && ($0.rule.text ?? "").contains("\(port)")
        }
        guard let exposing, !isPublished else { return nil }
        let address = exposing.links.flatMap(\.addresses).first { address in
            bridges.contains { $0.addresses.contains { $0.contains(address.address) } }
        }
        let published = namespace.publishedPorts
        let bridge = bridges.first { link in
            link.addresses.contains { p in address.map { p.contains($0.address) } ?? false }
        }
        var commands: [String] = []
        if let address, let bridge {
            let tool = address.address.isIPv4 ? "iptables" : "ip6tables"
            commands = [
                scope(namespace).run(
                    "\(tool) -t nat -A PREROUTING -d \(packet.destination) -p \(name) --dport \(port) -j DNAT --to-destination \(address.address):\(port)"
                ),
                scope(namespace).run(
                    "\(tool) -I DOCKER-USER -o \(bridge.name) -d \(address.address) -p \(name) --dport \(port) -j ACCEPT"
                ),
            ]
        }
        return Candidate(
            finding: Finding(
                code: "port-not-published", severity: .error,
                where: Finding.Place(namespace: namespace.name, hook: .prerouting),
                message:
                    "port \(port) is open in \(exposing.name) but not published: no DNAT rule of \(namespace.name) sends \(packet.destination):\(port) there",
                evidence: [
                    "state: \(exposing.name) listens on \(name) port \(port)",
                    "state: published: \(published.isEmpty ? "nothing" : published.joined(separator: ", "))",
                ], remedy: commands.isEmpty ? nil : Finding.Remedy(commands: commands)),
            isCertain: true, reasons: ["NO_SOCKET", "TCP_CLOSE"])
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
                    "state: \(listener.receiveQueue)\(size) bytes queued, \(listener.drops) drops at \(listener.words) in \(namespace.name)"
                ]), isCertain: true, reasons: ["SOCKET_RCVBUFF", "PROTO_MEM", "SOCKET_BACKLOG"])
    }

    /// New connections are dropped where the table is full (nf_conntrack: table full, dropping packet).
    mutating func checkConntrackSpace(_ packet: PacketState, _ namespace: Namespace) {
        let dropped = context.counters.contains {
            $0.namespace == namespace.name && $0.delta > 0
                && ["nf_conntrack.drop", "nf_conntrack.early_drop"].contains($0.name)
        }
        guard let limit = namespace.sysctls["net.netfilter.nf_conntrack_max"].flatMap({ Int($0) }), limit > 0,
            let count = namespace.sysctls["net.netfilter.nf_conntrack_count"].flatMap({ Int($0) })
        else { return }
        guard count >= limit || dropped else { return }
        guard packet.connection == .new || packet.connection == nil else { return }
        add(
            Candidate(
                finding: Finding(
                    code: "conntrack-full", severity: .error,
                    where: Finding.Place(namespace: namespace.name, hook: .prerouting),
                    message:
                        "the connection table of \(namespace.name) is full: \(count) of \(limit) entries; packets of new connections are dropped",
                    evidence: [
                        "state: net.netfilter.nf_conntrack_count = \(count), net.netfilter.nf_conntrack_max = \(limit)"
                    ],
                    remedy: Finding.Remedy(
                        commands: [scope(namespace).sysctl("net.netfilter.nf_conntrack_max", "\(limit * 2)")])),
                isCertain: count >= limit, reasons: ["NETFILTER_DROP", "NOT_SPECIFIED"]))
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
