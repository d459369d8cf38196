internal import Observations
internal import Network
internal import WalkModel
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

        if names.count > 1,
            let mine = holders.first(where: { self.link(at: $0.end)?.mac == entry?.mac }) ?? holders.first
        {
            // Which of them answers is a matter of luck.
            let sharing = self.holders(of: hop, beside: mine.end.namespace)
            if sharing.count > 1 { add(duplicateAddress(hop, holders: sharing, asked: nil)) }
        }
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

    /// The question was asked and not answered though the address is there. What stands between is asked step by step as
    /// the packet's own frame would be; here the rules that only the question and its answer meet.
    private mutating func unanswered(
        _ hop: IPAddress, _ packet: PacketState, _ namespace: Namespace, _ link: Link, _ path: LayerTwoPath
    ) {
        guard let holder = topology[namespace: path.end.namespace] else { return }
        if !hop.isIPv4 {
            discover(hop, from: namespace, link, at: holder, path.end.device)
            return
        }
        let rules = holder.netfilter.chains.filter { $0.family == "arp" && !$0.rules.isEmpty }
        if let chain = rules.first {
            check(nil, "ARP rules of \(holder.name): \(chain.name) has \(chain.rules.count)")
        }
        if holder.deviceSetting("net.ipv4.conf", path.end.device, "arp_ignore").flatMap({ Int($0) }) ?? 0 > 0 {
            check(nil, "arp_ignore is set for \(path.end.device) in \(holder.name)")
        }
    }

    /// Neighbour discovery is ICMPv6 and passes the IP hooks of both ends (RFC 4861): a solicitation to the group of its
    /// target, an advertisement back.
    private mutating func discover(
        _ target: IPAddress, from namespace: Namespace, _ link: Link, at holder: Namespace, _ device: String
    ) {
        func own(_ link: Link?) -> IPAddress {
            link?.addresses.first { !$0.address.isIPv4 && $0.address.isLinkLocal }?.address
                ?? IPAddress(high: 0, low: 0)
        }
        // ff02::1:ff00:0/104 and the target's last three bytes (RFC 4291, 2.7.1).
        let group = IPAddress(high: 0xff02 << 48, low: 0x1_ff00_0000 | target.low & 0xff_ffff)
        var question = PacketState(source: own(link), destination: group, ipProtocol: .icmpv6, icmpType: 135, ttl: 255)
        var answer = PacketState(source: target, destination: own(link), ipProtocol: .icmpv6, icmpType: 136, ttl: 255)
        // Neighbour discovery is untracked (nf_conntrack_icmpv6_error).
        question.connection = .untracked
        answer.connection = .untracked
        let steps: [(Namespace, NetfilterHook, String, PacketState)] = [
            (namespace, .output, link.name, question), (holder, .prerouting, device, question),
            (holder, .input, device, question), (holder, .output, device, answer),
            (namespace, .prerouting, link.name, answer), (namespace, .input, link.name, answer),
        ]
        for (place, hook, device, packet) in steps {
            let isOut = hook == .output
            let site = RuleSite(
                namespace: place, inDevice: isOut ? nil : device, outDevice: isOut ? device : nil)
            let traversal = HookTraversal(site: site, hook: hook, families: ["ip6", "inet"])
            guard let ending = traversal.run(packet).ending else { continue }
            var found = candidate(ending, traversal, packet, doubts: [])
            let words = packet.icmpType == 135 ? "neighbour solicitation" : "neighbour advertisement"
            found.finding.message += "; that is the \(words) by which \(target) is looked for on \(link.name)"
            found.stopsNeighbourDiscovery = true
            found.finding.remedy = Remedy(AcceptRemedy.neighbourDiscovery(traversal, ending, device))
            add(found)
            return
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
        let master = link.master ?? "the bridge"
        var actions: [RemedyAction] = []
        if namespace[device: master]?.isUp == false { actions.append(.ip(namespace, "link set \(master) up")) }
        actions.append(.ip(namespace, "addr del \(prefix) dev \(link.name)"))
        actions.append(.ip(namespace, "addr add \(prefix) dev \(master)"))
        return Candidate(
            finding: Finding(
                code: "address-on-bridge-port", severity: .error,
                where: Finding.Place(namespace: name, device: link.name),
                message:
                    "\(prefix) stands on \(link.name) in \(name), which is a port of \(master): the bridge takes what comes in there, so that nobody answers for \(prefix.address); the address belongs on \(master)",
                evidence: [.state("\(prefix) on \(link.name), master \(master), in \(name)")],
                remedy: Remedy(actions)),
            isCertain: true,
            reasons: ["NEIGH_FAILED", "NEIGH_QUEUEFULL", "NOT_SPECIFIED", "OTHERHOST", "IP_RPFILTER"])
    }

    private func unresolved(
        _ hop: IPAddress, _ packet: PacketState, _ namespace: Namespace, _ link: Link, _ way: RouteChoice,
        state: String?
    ) -> Candidate {
        let protocolName = hop.isIPv4 ? "ARP" : "neighbour discovery"
        let entry = Fact.state("neighbour \(hop) on \(link.name) in \(namespace.name): \(state ?? "no entry")")
        let elsewhere = topology.namespaces.filter { $0.name != namespace.name && $0.holds(hop) }.map(\.name)
        let nobody =
            elsewhere.isEmpty
            ? "nobody that can be seen holds \(hop)"
            : "\(hop) is held by \(elsewhere.joined(separator: ", ")), which is not on that link"
        let reasons: Set = ["NEIGH_FAILED", "NEIGH_QUEUEFULL", "NEIGH_CREATE_FAIL", "NOT_SPECIFIED"]
        if let gateway = way.gateway {
            var actions: [RemedyAction] = []
            if let better = gateways(for: packet, namespace).first {
                let target = way.route?.destinationText ?? "default"
                let table = way.table.map { $0 == 254 ? "" : "table \($0)" } ?? CommandWords()
                actions = [
                    .ip(
                        namespace, packet.destination.family,
                        "route replace \(target) via \(better.address) \(words: table)")
                ]
            }
            return Candidate(
                finding: Finding(
                    code: "gateway-unreachable", severity: .error,
                    where: Finding.Place(namespace: namespace.name, device: link.name),
                    message:
                        "the gateway \(gateway) of \(namespace.name) answers no \(protocolName) on \(link.name): \(nobody)",
                    evidence: [entry, Fact(way.evidence, "\(way.text)")],
                    remedy: Remedy(ifAny: actions)),
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
                evidence: [entry, Fact(way.evidence, "\(way.text)")]),
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
        // The narrower one first: a device without IPv4 addresses loses its routes. An IPv6 address stands on a device
        // once only, whatever its prefix.
        var actions: [RemedyAction] = [
            .ip(namespace, "addr add \(right) dev \(link.name)" + (hop.isIPv4 ? "" : "nodad")),
            .ip(namespace, "addr del \(own) dev \(link.name)"),
        ]
        if !hop.isIPv4 { actions.reverse() }
        let hasDefault = namespace.routes.contains {
            $0.destination.length == 0 && $0.gateway != nil && $0.table == 254
        }
        if !hasDefault {
            actions.append(.ip(namespace, hop.family, "route add \(hop) via \(narrower.prefix.address)"))
        }
        return Finding(
            code: "wrong-netmask", severity: .error,
            where: Finding.Place(namespace: namespace.name, device: link.name),
            message:
                "\(own) on \(link.name) in \(namespace.name) makes \(hop) look as if it were on that link, so it is asked for by \(hop.isIPv4 ? "ARP" : "neighbour discovery") instead of being sent to a router; \(narrower.device) in \(narrower.namespace) has \(narrower.prefix)",
            evidence: [
                .state("\(own) on \(link.name) in \(namespace.name)"),
                .state("\(narrower.prefix) on \(narrower.device) in \(narrower.namespace)"),
            ] + elsewhere.map { .state("\(hop) is held by \($0)") },
            remedy: Remedy(actions))
    }

    /// A device that holds an address.
    struct Holder: Sendable {
        var namespace: Namespace
        var link: Link
        var words: String { "\(namespace.name) \(link.name)\(link.mac.map { " (\($0))" } ?? "")" }
    }

    /// Who holds `address` on the link by which `taker` does; the taker first, empty where it does not hold it.
    func holders(of address: IPAddress, beside taker: String) -> [Holder] {
        guard let own = topology[namespace: taker],
            let link = own.links.first(where: { $0.addresses.contains { $0.address == address } })
        else { return [] }
        let first = Holder(namespace: own, link: link)
        return [first] + holders(of: address, onLinkOf: first)
    }

    /// Who else holds `address` on the link of `holder`.
    func holders(of address: IPAddress, onLinkOf holder: Holder) -> [Holder] {
        let name = holder.namespace.name
        return Segment(of: topology, out: holder.link.name, namespace: name).paths.compactMap { path in
            guard !path.isOutside, path.end.namespace != name, let other = topology[namespace: path.end.namespace],
                let end = other[device: path.end.device], end.addresses.contains(where: { $0.address == address })
            else { return nil }
            return Holder(namespace: other, link: end)
        }
    }

    /// Who holds `address` anywhere, one namespace before the others.
    func holders(of address: IPAddress, first name: String? = nil) -> [Holder] {
        let all = topology.namespaces.flatMap { namespace in
            namespace.links.filter { $0.addresses.contains { $0.address == address } }.map {
                Holder(namespace: namespace, link: $0)
            }
        }
        return all.filter { $0.namespace.name == name } + all.filter { $0.namespace.name != name }
    }

    /// - Parameters:
    ///   - holders: at least two, the one that took the packet first.
    ///   - asked: the packet that it refused.
    func duplicateAddress(_ address: IPAddress, holders: [Holder], asked: PacketState?) -> Candidate {
        let taker = holders[0]
        let asker = topology.namespaces.first { namespace in
            namespace.neighbors.contains { $0.address == address && $0.mac != nil && $0.mac == taker.link.mac }
        }
        let entry = asker?.neighbors.first { $0.address == address && $0.mac == taker.link.mac }
        let words = holders.map(\.words)
        var message = "\(address) is held twice on one link, by \(words.joined(separator: " and by ")): "
        message +=
            asker.map { "\($0.name) sends to whichever answered first, \(taker.namespace.name)" }
            ?? "it went to \(taker.namespace.name)"
        var actions: [RemedyAction] = []
        // Only where one of them alone serves the port is it told which of them was meant.
        if let asked, let port = asked.destinationPort, holders.count == 2,
            let meant = holders.last, let prefix = taker.link.addresses.first(where: { $0.address == address })
        {
            let name = asked.ipProtocol.description
            func serves(_ holder: Holder) -> Bool {
                holder.namespace.listeners.contains { $0.protocol == name && $0.port == port && $0.takes(address) }
            }
            if serves(meant), !serves(taker) {
                message += ", while \(meant.namespace.name) is the one that listens on \(name) port \(port)"
                actions.append(.ip(taker.namespace, "addr del \(prefix) dev \(taker.link.name)"))
                if let asker, let entry {
                    actions.append(.ip(asker, "neigh del \(address) dev \(entry.device)"))
                }
            }
        }
        return Candidate(
            finding: Finding(
                code: "duplicate-address", severity: .error,
                where: Finding.Place(namespace: taker.namespace.name, device: taker.link.name), message: message,
                evidence: words.map { .state("\(address) on \($0)") }
                    + (asker.map { namespace in
                        [.state("\(namespace.name) has \(address) at \(taker.link.mac.map(\.description) ?? "")")]
                    } ?? []),
                remedy: Remedy(ifAny: actions)),
            isCertain: true)
    }
}
