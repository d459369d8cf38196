internal import Observations
internal import Topology
internal import Walks
internal import Wire

/// Who answers for the next hop: gateway-unreachable, neighbor-unresolved, wrong-netmask, address-on-bridge-port,
/// duplicate-address, and whatever keeps the question from getting there.
extension Projection {
    private static let resolvedStates: Set = ["reachable", "stale", "delay", "probe", "permanent", "noarp"]

    /// Nil where nobody answers: the candidates say why.
    mutating func resolve(
        _ hop: IPAddress, _ packet: PacketState, _ namespace: Namespace, _ link: Link, _ way: RouteChoice,
        _ segment: Segment
    ) -> Target? {
        let entry = namespace.neighbors.first { $0.address == hop && $0.device == link.name }
        let state = entry?.state.lowercased()
        let isResolved = state.map { Self.resolvedStates.contains($0) } ?? false
        let inside = segment.paths.filter { !$0.isOutside && $0.end.namespace != namespace.name }
        let holders = inside.filter { topology[namespace: $0.end.namespace]?.holds(hop) == true }
        let names = Set(holders.map(\.end.namespace))

        if names.count > 1 { duplicate(hop, namespace, link, holders, entry) }
        if isResolved, let mac = entry?.mac {
            check(false, "neighbour \(hop) on \(link.name) in \(namespace.name): \(state ?? "") \(mac)")
            if let path = inside.first(where: { self.link(at: $0.end)?.mac == mac }) { return .path(path) }
            if let path = holders.first { return .path(path) }
            if segment.paths.contains(where: \.isOutside) { return .outside }
        }
        if let path = holders.first {
            if let port = bridgePort(holding: hop, in: path.end.namespace) {
                add(addressOnPort(port.address, port.link, path.end.namespace))
                // The bridge itself would answer if only the address stood there.
                return .path(path)
            }
            if state == "failed" || state == "incomplete" { unanswered(hop, packet, namespace, link, path) }
            return .path(path)
        }
        if segment.paths.contains(where: \.isOutside) {
            if state == "failed" || state == "incomplete" {
                add(unresolved(hop, packet, namespace, link, way, state: state))
                return nil
            }
            return .outside
        }
        if link.kind == "tun" || link.kind == "loopback" || segment.paths.isEmpty && link.kind != "bridge" {
            return .outside
        }
        // Along the way to everything else there, something may hold up the question.
        add(unresolved(hop, packet, namespace, link, way, state: state))
        return nil
    }

    private func link(at port: LayerTwoPath.Port) -> Link? { topology[namespace: port.namespace]?[device: port.device] }

    /// The question was asked and not answered though the address is there: what stands between is asked step by step
    /// as the packet's own frame would be; only a rule that drops ARP is looked for here.
    private mutating func unanswered(
        _ hop: IPAddress, _ packet: PacketState, _ namespace: Namespace, _ link: Link, _ path: LayerTwoPath
    ) {
        guard let holder = topology[namespace: path.end.namespace] else { return }
        let rules = holder.netfilter.chains.filter { $0.family == "arp" && !$0.rules.isEmpty }
        if let chain = rules.first {
            check(nil, "ARP rules of \(holder.name): \(chain.name) has \(chain.rules.count)")
        }
        if holder.deviceSetting("net.ipv4.conf", path.end.device, "arp_ignore").flatMap({ Int($0) }) ?? 0 > 0 {
            check(nil, "arp_ignore is set for \(path.end.device) in \(holder.name)")
        }
    }

    /// A device that is a bridge's port and holds the address: the bridge takes its frames before IP sees them.
    func bridgePort(holding address: IPAddress, in name: String) -> (address: IPPrefix, link: Link)? {
        guard let namespace = topology[namespace: name] else { return nil }
        for link in namespace.links {
            guard let master = link.master, namespace[device: master]?.kind == "bridge",
                let prefix = link.addresses.first(where: { $0.address == address })
            else { continue }
            // Where the bridge holds it as well, it answers.
            if namespace[device: master]?.addresses.contains(where: { $0.address == address }) == true { continue }
            return (prefix, link)
        }
        return nil
    }

    func addressOnPort(_ prefix: IPPrefix, _ link: Link, _ name: String) -> Candidate {
        let namespace = topology[namespace: name] ?? Namespace(name: name, inode: 0, path: "")
        let scope = scope(namespace)
        let master = link.master ?? "the bridge"
        var commands: [String] = []
        if namespace[device: master]?.isUp == false { commands.append(scope.ip("link set \(shellWord(master)) up")) }
        commands.append(scope.ip("addr del \(prefix) dev \(shellWord(link.name))"))
        commands.append(scope.ip("addr add \(prefix) dev \(shellWord(master))"))
        return Candidate(
            finding: Finding(
                code: "address-on-bridge-port", severity: .error,
                where: Finding.Place(namespace: name, device: link.name),
                message:
                    "\(prefix) stands on \(link.name) in \(name), which is a port of \(master): the bridge takes what comes in there, so that nobody answers for \(prefix.address); the address belongs on \(master)",
                evidence: ["state: \(prefix) on \(link.name), master \(master), in \(name)"],
                remedy: Finding.Remedy(commands: commands)),
            isCertain: true,
            reasons: ["NEIGH_FAILED", "NEIGH_QUEUEFULL", "NOT_SPECIFIED", "OTHERHOST", "IP_RPFILTER"])
    }

    private func unresolved(
        _ hop: IPAddress, _ packet: PacketState, _ namespace: Namespace, _ link: Link, _ way: RouteChoice,
        state: String?
    ) -> Candidate {
        let protocolName = hop.isIPv4 ? "ARP" : "neighbour discovery"
        let entry = "state: neighbour \(hop) on \(link.name) in \(namespace.name): \(state ?? "no entry")"
        let elsewhere = topology.namespaces.filter { $0.name != namespace.name && $0.holds(hop) }.map(\.name)
        let nobody =
            elsewhere.isEmpty
            ? "nobody that can be seen holds \(hop)"
            : "\(hop) is held by \(elsewhere.joined(separator: ", ")), which is not on that link"
        let reasons: Set = ["NEIGH_FAILED", "NEIGH_QUEUEFULL", "NEIGH_CREATE_FAIL", "NOT_SPECIFIED"]
        let version = hop.isIPv4 ? "" : "-6 "
        if let gateway = way.gateway {
            var commands: [String] = []
            if let better = gateways(for: packet, namespace).first {
                let target = way.route?.destinationText ?? "default"
                let table = way.table.map { $0 == 254 ? "" : " table \($0)" } ?? ""
                commands = [scope(namespace).ip("\(version)route replace \(target) via \(better.address)\(table)")]
            }
            return Candidate(
                finding: Finding(
                    code: "gateway-unreachable", severity: .error,
                    where: Finding.Place(namespace: namespace.name, device: link.name),
                    message:
                        "the gateway \(gateway) of \(namespace.name) answers no \(protocolName) on \(link.name): \(nobody)",
                    evidence: [entry, "\(way.evidence.rawValue): \(way.text)"],
                    remedy: commands.isEmpty ? nil : Finding.Remedy(commands: commands)),
                isCertain: true, reasons: reasons)
        }
        if let netmask = wrongNetmask(hop, packet, namespace, link, elsewhere: elsewhere) {
            return Candidate(finding: netmask, isCertain: true, reasons: reasons)
        }
        return Candidate(
            finding: Finding(
                code: "neighbor-unresolved", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: link.name),
                message: "\(hop) answers no \(protocolName) on \(link.name) in \(namespace.name): \(nobody)",
                evidence: [entry, "\(way.evidence.rawValue): \(way.text)"]),
            isCertain: true, reasons: reasons)
    }

    /// The prefix on our own device makes a routed address look as if it were on the link.
    private func wrongNetmask(
        _ hop: IPAddress, _ packet: PacketState, _ namespace: Namespace, _ link: Link, elsewhere: [String]
    ) -> Finding? {
        guard let own = link.addresses.filter({ $0.contains(hop) }).max(by: { $0.length < $1.length }) else {
            return nil
        }
        var narrower: (prefix: IPPrefix, namespace: String, device: String)?
        for path in Segment(of: topology, out: link.name, namespace: namespace.name).paths where !path.isOutside {
            guard path.end.namespace != namespace.name, let end = self.link(at: path.end) else { continue }
            let found = end.addresses.first {
                $0.length > own.length && $0.contains(own.address) && !$0.contains(hop) && own.contains($0.address)
            }
            if let found { narrower = (found, path.end.namespace, path.end.device) }
        }
        guard let narrower else { return nil }
        let right = IPPrefix(own.address, length: narrower.prefix.length) ?? own
        let scope = scope(namespace)
        // The narrower one first: a device without addresses loses its routes.
        var commands = [
            scope.ip("addr add \(right) dev \(shellWord(link.name))"),
            scope.ip("addr del \(own) dev \(shellWord(link.name))"),
        ]
        let hasDefault = namespace.routes.contains {
            $0.destination.length == 0 && $0.gateway != nil && $0.table == 254
        }
        if !hasDefault {
            commands.append(scope.ip("\(hop.isIPv4 ? "" : "-6 ")route add \(hop) via \(narrower.prefix.address)"))
        }
        return Finding(
            code: "wrong-netmask", severity: .error,
            where: Finding.Place(namespace: namespace.name, device: link.name),
            message:
                "\(own) on \(link.name) in \(namespace.name) makes \(hop) look as if it were on that link, so it is asked for by \(hop.isIPv4 ? "ARP" : "neighbour discovery") instead of being sent to a router; \(narrower.device) in \(narrower.namespace) has \(narrower.prefix)",
            evidence: [
                "state: \(own) on \(link.name) in \(namespace.name)",
                "state: \(narrower.prefix) on \(narrower.device) in \(narrower.namespace)",
            ] + elsewhere.map { "state: \(hop) is held by \($0)" },
            remedy: Finding.Remedy(commands: commands))
    }

    /// Two namespaces on one link hold the address: which one answers is a matter of luck.
    private mutating func duplicate(
        _ hop: IPAddress, _ namespace: Namespace, _ link: Link, _ holders: [LayerTwoPath], _ entry: Neighbor?
    ) {
        var words: [String] = []
        for path in holders {
            guard let other = topology[namespace: path.end.namespace] else { continue }
            for device in other.links where device.addresses.contains(where: { $0.address == hop }) {
                let text = "\(other.name) \(device.name)\(device.mac.map { " (\($0))" } ?? "")"
                if !words.contains(text) { words.append(text) }
            }
        }
        add(duplicateAddress(hop, words: words, namespace: namespace, device: link.name, entry: entry))
    }

    func duplicateAddress(
        _ address: IPAddress, words: [String], namespace: Namespace, device: String?, entry: Neighbor?
    ) -> Candidate {
        Candidate(
            finding: Finding(
                code: "duplicate-address", severity: .error,
                where: Finding.Place(namespace: namespace.name, device: device),
                message:
                    "\(address) is held twice on one link, by \(words.joined(separator: " and by ")): \(namespace.name) sends to whichever answered last",
                evidence: words.map { "state: \(address) on \($0)" }
                    + (entry?.mac.map { ["state: \(namespace.name) has \(address) at \($0)"] } ?? [])),
            isCertain: true)
    }
}
