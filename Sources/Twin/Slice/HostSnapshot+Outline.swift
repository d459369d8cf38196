public import Network
public import Snapshot
internal import Wire

extension HostSnapshot {
    /// The snapshot as far as a slice of it is found by: links and what joins them, addresses, routes, neighbours,
    /// settings. Without rules: `translations(for:)` says what they translate to.
    public var outline: Topology {
        var topology = Topology(host: host, time: time, namespaces: namespaces.map(\.outline))
        for index in topology.namespaces.indices { joinLowers(of: index, in: &topology) }
        return topology
    }

    /// The part of the snapshot that a packet can meet.
    ///
    /// Every address that a rule of the slice may put into a packet counts, whatever the rule asks for, and those of
    /// tracked connections of the packet's destination.
    public func slice(_ question: NetworkSlice.Question) -> NetworkSlice {
        let targets = Dictionary(
            namespaces.map { ($0.name, $0.translationTargets) }, uniquingKeysWith: { first, _ in first })
        let byName = Dictionary(namespaces.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return NetworkGraph(outline).slice(question) { namespace, reach in
            let tracked = (byName[namespace.name]?.conntrack ?? []).filter { reach.contains($0.original.destination) }
            return (targets[namespace.name] ?? [])
                + tracked.flatMap { [$0.reply.source, $0.reply.destination] }.map { .init($0...$0) }
        }
    }

    /// A device below that lies in another namespace is told by numbers alone.
    private func joinLowers(of index: Int, in topology: inout Topology) {
        let namespace = namespaces[index]
        for (position, link) in namespace.links.enumerated() where link["peer"] == nil {
            guard let number = link["link_netnsid"]?.integer, let lower = link["link_index"]?.integer,
                let home = namespace.nsids.first(where: { $0.value == Int(number) })?.key,
                let device = self[namespace: home]?.links.first(where: { $0["ifindex"]?.integer == lower })
            else { continue }
            topology.namespaces[index].links[position].lower = device["ifname"]?.string
            topology.namespaces[index].links[position].lowerNamespace = home
        }
    }
}

extension NamespaceSnapshot {
    fileprivate var outline: Namespace {
        var namespace = Namespace(name: name, inode: inode, path: path ?? "", sysctls: sysctls)
        namespace.links = links.map { Self.link($0) }
        for element in addresses {
            guard let text = element["local"]?.string, let address = IPAddress(text),
                let prefix = IPPrefix(address, length: Int(element["prefixlen"]?.integer ?? Int64(address.bitWidth))),
                let position = namespace.links.firstIndex(where: { $0.name == element["ifname"]?.string })
            else { continue }
            namespace.links[position].addresses.append(prefix)
        }
        let gateways = Dictionary(
            nexthops.compactMap { hop in hop["id"]?.integer.map { ($0, Self.gateways(hop)) } },
            uniquingKeysWith: { first, _ in first })
        namespace.routes =
            routes.ipv4.compactMap { Self.route($0, isIPv4: true, gateways) }
            + routes.ipv6.compactMap { Self.route($0, isIPv4: false, gateways) }
        for element in neighbours {
            guard let address = element["dst"]?.string.flatMap({ IPAddress($0) }) else { continue }
            let device = element["dev"]?.string
            if element["proxy"]?.isTrue == true {
                namespace.proxyNeighbors = (namespace.proxyNeighbors ?? []) + [.init(address: address, device: device)]
            } else {
                namespace.neighbors.append(
                    Neighbor(
                        address: address, device: device ?? "",
                        mac: element["lladdr"]?.string.flatMap { MACAddress($0) },
                        state: .permanent))
            }
        }
        for element in fdb {
            addEntry(element, to: &namespace)
            guard let remote = element["dst"]?.string.flatMap({ IPAddress($0) }),
                let position = namespace.links.firstIndex(where: { $0.name == element["ifname"]?.string })
            else { continue }
            namespace.links[position].vxlan?.fdb.append(FDBEntry(mac: MACAddress(value: 0), destination: remote))
        }
        return namespace
    }

    /// Behind which port a bridge has a MAC address, but for the ports' own.
    private func addEntry(_ element: JSONTree, to namespace: inout Namespace) {
        guard let master = element["master"]?.string, let mac = element["mac"]?.string.flatMap({ MACAddress($0) }),
            let bridge = namespace.links.firstIndex(where: { $0.name == master }),
            let port = namespace.links.first(where: { $0.name == element["ifname"]?.string }), port.mac != mac
        else { return }
        namespace.links[bridge].bridge?.fdb.append(FDBEntry(mac: mac, device: port.name))
    }

    private static func link(_ element: JSONTree) -> Link {
        let flags = Set((element["flags"]?.elements ?? []).compactMap(\.string))
        let type = element["link_type"]?.string
        let kind = element["linkinfo"]?["info_kind"]?.string ?? (type == "loopback" ? "loopback" : "ethernet")
        var link = Link(
            name: element["ifname"]?.string ?? "", index: UInt32(clamping: element["ifindex"]?.integer ?? 0),
            kind: LinkKind(rawValue: kind), isUp: flags.contains("UP"), hasCarrier: flags.contains("LOWER_UP"),
            mac: element["address"]?.string.flatMap { MACAddress($0) },
            mtu: UInt32(clamping: element["mtu"]?.integer ?? 1500), master: element["master"]?.string)
        if let peer = element["peer"] {
            link.peer = Link.Peer(namespace: peer["namespace"]?.string, device: peer["ifname"]?.string ?? "")
        } else {
            link.lower = element["link"]?.string
        }
        let data = element["linkinfo"]?["info_data"]
        let remote = ["remote", "remote6", "group", "group6"].lazy.compactMap { data?[$0]?.string }.first
            .flatMap { IPAddress($0) }
        if link.kind == .bridge {
            link.bridge = Link.Bridge(vlanFiltering: data?["vlan_filtering"]?.integer == 1)
        } else if link.kind == .vxlan {
            link.vxlan = Link.VXLAN(
                identifier: UInt32(clamping: data?["id"]?.integer ?? 0),
                port: UInt16(clamping: data?["port"]?.integer ?? 4789), remote: remote)
        } else if link.kind.isTunnel {
            link.tunnel = Link.Tunnel(remote: remote)
        }
        return link
    }

    private static func gateways(_ element: JSONTree) -> [IPAddress] {
        let hops = [element] + (element["nexthops"]?.elements ?? [])
        return hops.compactMap { ($0["gateway"]?.string ?? $0["via"]?["host"]?.string).flatMap { IPAddress($0) } }
    }

    private static func route(_ element: JSONTree, isIPv4: Bool, _ gateways: [Int64: [IPAddress]]) -> Route? {
        let text = element["dst"]?.string ?? "default"
        let all = isIPv4 ? "0.0.0.0/0" : "::/0"
        guard let prefix = IPPrefix(text == "default" ? all : text) else { return nil }
        var route = Route(destination: prefix, device: element["dev"]?.string)
        if let type = element["type"]?.string { route.kind = RouteKind(rawValue: type) }
        let identifier = element["nhid"]?.integer
        let hops = Self.gateways(element) + (identifier.flatMap { gateways[$0] } ?? [])
        route.nextHops = hops.map { Route.NextHop(gateway: $0, device: nil) }
        return route
    }

    /// All addresses that stand in rules and maps which translate, or send copies.
    fileprivate var translationTargets: [NetworkSlice.Translation] {
        var found: [NetworkSlice.Translation] = []
        let words: Set<Substring> = ["dnat", "snat", "DNAT", "SNAT", "NETMAP", "TEE", "dup", "fwd"]
        for text in nftables.map(\.text) + iptables.map(\.text) {
            for line in text.split(separator: "\n") {
                let isTranslation = line.split { $0 == " " || $0 == "\t" || $0 == "{" }.contains { words.contains($0) }
                // Named maps stand apart from the rules that use them: their elements are pairs.
                guard isTranslation || line.contains(" : ") else { continue }
                found += Self.addresses(line)
            }
        }
        return found
    }

    private static func addresses(_ line: Substring) -> [NetworkSlice.Translation] {
        var found: [NetworkSlice.Translation] = []
        for word in line.split(whereSeparator: { !($0.isHexDigit || ".:/-".contains($0)) }) {
            let ends = word.split(separator: "-").map { address(in: $0) }
            if ends.count == 2, let first = ends[0], let last = ends[1], first <= last {
                found.append(.init(first...last))
            } else if ends.count == 1, let only = ends[0] {
                found.append(.init(only...only))
            } else if let prefix = IPPrefix(String(word)), prefix.length < prefix.address.bitWidth {
                found.append(.init(prefix.range))
            }
        }
        return found
    }

    /// With a port behind it or without.
    private static func address(in word: Substring) -> IPAddress? {
        IPAddress(word) ?? word.lastIndex(of: ":").flatMap { IPAddress(word[..<$0]) }
    }
}
