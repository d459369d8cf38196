internal import Network
internal import Observations
internal import Ruleset
internal import WalkModel
internal import Wire

/// A protocol agrees on another port in its session, and conntrack has no helper that reads it: what comes by that port is
/// no part of the session, but a connection of its own. Since Linux 6.0 (and with `nf_conntrack_helper` = 0 before) no
/// helper is assigned but by a rule (`CT --helper`, nft `ct helper set`).
struct HelperMissing: Obstacle {
    let code: FindingCode = "helper-missing"
    let traits: ObstacleTraits = [.concernsDatagram]

    /// By the port of the session.
    private static let helpers: [UInt16: (name: String, protocol: IPProtocol, title: String)] = [
        21: ("ftp", .tcp, "FTP"), 69: ("tftp", .udp, "TFTP"),
    ]

    // MARK: FTP

    /// The data connection of an FTP session, dropped where one that is related would be accepted.
    func explain(_ rule: RuleEnding, _ base: Finding, _ surroundings: Surroundings) -> Finding? {
        let packet = rule.packet
        guard packet.opensConnection, packet.connection == .new || packet.connection == nil,
            let session = session(rule, surroundings),
            !isAssigned("ftp", in: rule.namespace)
        else { return nil }
        var related = packet
        related.connection = .related
        guard rule.traversal.run(related).ending == nil else { return nil }
        var finding = base
        let isPassive = session.original.source == packet.source
        finding.message =
            "\(rule.rule.name) in \(rule.namespace.name) drops \(rule.subject), the data connection of the FTP session \(session.original.source):\(session.original.sourcePort) > \(session.original.destination):21: what is related to a session is accepted there, but no rule assigns conntrack's helper ftp to it, which reads the port of the data connection"
        finding.evidence.append(
            Fact(.conntrack, "\(session.original.source) > \(session.original.destination) port 21"))
        let inDevice = isPassive ? rule.site.inDevice : rule.site.outDevice ?? rule.site.inDevice
        finding.remedy = remedy(
            in: rule.namespace, by: inDevice, from: session.original.source, to: session.original.destination, port: 21,
            isLegacy: rule.rule.backend == "iptables-legacy")
        return finding
    }

    /// The open session of the two ends of a connection: the client opens it to a port of the server (passive mode), or the
    /// server from port 20 to a port of the client (active mode; RFC 959, 3.2).
    private func session(_ rule: RuleEnding, _ surroundings: Surroundings) -> FlowEvent? {
        let packet = rule.packet
        let own = surroundings.context.flows.filter {
            $0.namespace == rule.namespace.name && $0.original.ipProtocol == .tcp && $0.original.destinationPort == 21
        }
        let ended = Set(own.filter { $0.change == .destroy }.map(\.original))
        return own.last { flow in
            guard !ended.contains(flow.original) else { return false }
            let servers = [flow.original.destination, flow.reply.source]
            let clients = [flow.original.source, flow.reply.destination]
            let isPassive =
                clients.contains(packet.source) && servers.contains(packet.destination)
                && packet.destinationPort ?? 0 >= 1024
            let isActive =
                servers.contains(packet.source) && clients.contains(packet.destination) && packet.sourcePort == 20
            return isPassive || isActive
        }
    }

    // MARK: TFTP

    /// A server that replies from a new port, as its protocol wants; nil for another protocol.
    ///
    /// - Parameter passages: the namespaces that the request came through.
    func candidate(_ mismatch: SourceMismatch, passages: [WalkReading.Stay]) -> Candidate? {
        guard let port = mismatch.arrived.destinationPort, let helper = Self.helpers[port],
            helper.protocol == IPProtocol.udp
        else { return nil }
        let ending = mismatch.rule.flatMap { rule in
            passages.last { $0.namespace.netfilter.chain(of: rule) != nil }
        }
        let passage = ending ?? passages.last { $0.entry.source != $0.exit.source }
        guard let passage, !isAssigned(helper.name, in: passage.namespace) else { return nil }
        return candidate(
            at: Finding.Place(namespace: passage.namespace.name, hook: .prerouting, device: passage.outDevice),
            "\(mismatch.asked) was asked, and replies from port \(mismatch.reply.sourcePort ?? 0), as \(helper.title) does: \(mismatch.effect); no rule in \(passage.namespace.name) assigns conntrack's helper \(helper.name), which would expect it",
            evidence: mismatch.facts, rule: mismatch.rule,
            remedy: remedy(
                in: passage.namespace, by: passage.inDevice, from: passage.entry.source,
                to: passage.entry.destination, port: port, isLegacy: mismatch.rule?.backend == "iptables-legacy"))
    }

    // MARK: What both need

    private func isAssigned(_ helper: String, in namespace: Namespace) -> Bool {
        if namespace.sysctls["net.netfilter.nf_conntrack_helper"] == "1" { return true }
        return namespace.netfilter.chains.contains { chain in
            chain.rules.contains { $0.text.contains("--helper \(helper)") || $0.text.contains("ct helper set") }
        }
    }

    /// The helper for this client's sessions with this server; where only nft is used, in a table of its own.
    private func remedy(
        in namespace: Namespace, by device: String?, from client: IPAddress, to server: IPAddress, port: UInt16,
        isLegacy: Bool
    ) -> Remedy? {
        guard let helper = Self.helpers[port] else { return nil }
        let isSender = namespace.holds(client)
        let name = helper.protocol.description
        guard namespace.netfilter.backend == ["nft"] else {
            let way: CommandWords = isSender || device == nil ? "" : "-i \(device ?? "")"
            return Remedy([
                .iptables(
                    namespace,
                    IptablesChange(
                        isIPv4: client.isIPv4, isLegacy: isLegacy, table: "raw",
                        chain: isSender ? "OUTPUT" : "PREROUTING", .last,
                        rule: way + "-s \(client) -d \(server) -p \(name) --dport \(port) -j CT --helper \(helper.name)"
                    ))
            ])
        }
        let hook = isSender ? "output" : "prerouting"
        let family = client.isIPv4 ? "ip" : "ip6"
        return Remedy([
            .nft(namespace, "add table \(family) sessions"),
            .nft(
                namespace,
                "\("add ct helper \(family) sessions \(helper.name) { type \"\(helper.name)\" protocol \(name); }")"),
            .nft(namespace, "\("add chain \(family) sessions \(hook) { type filter hook \(hook) priority filter; }")"),
            .nft(
                namespace,
                "add rule \(family) sessions \(hook) \(family) saddr \(client) \(family) daddr \(server) \(name) dport \(port) ct helper set \(helper.name)"
            ),
        ])
    }
}
