public import Network
public import Snapshot

extension HostSnapshot {
    /// The name of the namespace that holds the far ends of links to namespaces that are left out.
    public static let leftOut = "left-out"

    /// Rules of one namespace of which none is left out.
    public static let wholeRules = 2_000

    /// Only what the packet of a slice can meet.
    ///
    /// Namespaces outside of it are left out. Links that lead to them keep their place, index and carrier; their far ends
    /// are together in one namespace, `left-out`, up where they were up, without addresses, ARP and IPv6: they say
    /// nothing. Of a namespace with many rules those are left out that surely do not match, by device or address; the
    /// others keep their order, and `positions` says which they were.
    ///
    /// - Parameters:
    ///   - slice: of the same host.
    ///   - limit: a namespace with fewer rules keeps all of them.
    ///   - openEnds: so many links to namespaces that are left out stay open instead: the outside will stand behind them, from
    ///     where packets can be sent.
    ///   - quietPorts: of the ports of bridges that are nothing else, and whose far ends say nothing, so many are kept: what a bridge
    ///     floods there nobody takes.
    public func sliced(
        by slice: NetworkSlice, wholeRules limit: Int = wholeRules, openEnds: Int = 0, quietPorts: Int = .max
    ) -> SlicedSnapshot {
        var part = self
        part.namespaces.removeAll { !slice.contains($0.name) }
        let names = Set(part.namespaces.map(\.name))
        var positions: [SlicedSnapshot.Chain: [Int]] = [:]
        for index in part.namespaces.indices {
            part.namespaces[index].nsids = part.namespaces[index].nsids.filter { names.contains($0.key) }
            guard let reach = slice.reach else { continue }
            let stubs = Set(slice.stubs.filter { $0.namespace == part.namespaces[index].name }.map(\.device))
            let reduction = RuleReduction(part.namespaces[index], stubs: stubs, reach: reach)
            guard reduction.ruleCount >= limit else { continue }
            let reduced = reduction.reduced()
            part.namespaces[index] = reduced.namespace
            positions.merge(reduced.positions) { first, _ in first }
        }
        let stubs = slice.stubs.filter { names.contains($0.namespace) && !$0.isOnTop }
        part.openEnds(stubs.prefix(openEnds))
        let mute = stubs.dropFirst(openEnds)
        let ports = Dictionary(grouping: part.namespaces, by: \.name).mapValues { $0.map(Self.quietPorts)[0] }
        let quiet = Set(mute.filter { ports[$0.namespace]?.contains($0.device) ?? false }.dropFirst(quietPorts))
        part.remove(quiet)
        part.addStubs(mute.filter { !quiet.contains($0) })
        return SlicedSnapshot(part, positions: positions)
    }

    /// The devices of a namespace that are a bridge's ports without anything that is their own: an address, a route, a queue, a
    /// program, a rule that names one by its number.
    private static func quietPorts(_ namespace: NamespaceSnapshot) -> Set<String> {
        if namespace.nftables.contains(where: { $0.text.holds("iif \"") || $0.text.holds("oif \"") }) { return [] }
        let bridges = Set(
            namespace.links.filter { $0["linkinfo"]?["info_kind"]?.string == "bridge" }
                .compactMap { $0["ifname"]?.string })
        var ports = Set(
            namespace.links.filter { $0["master"]?.string.map(bridges.contains) ?? false }
                .compactMap { $0["ifname"]?.string })
        for element in namespace.addresses where element["scope"]?.string != "link" {
            if let name = element["ifname"]?.string { ports.remove(name) }
        }
        let own = namespace.routes.ipv6.filter { route in
            guard let destination = route["dst"]?.string else { return true }
            return !destination.hasPrefix("fe80:") && destination != "ff00::/8"
        }
        for element in namespace.routes.ipv4 + own + namespace.queues + namespace.filters + namespace.programs {
            if let name = (element["dev"] ?? element["link"])?.string { ports.remove(name) }
        }
        return ports
    }

    private mutating func remove(_ stubs: Set<NetworkSlice.Stub>) {
        for (name, stubs) in Dictionary(grouping: stubs, by: \.namespace) {
            guard let position = namespaces.firstIndex(where: { $0.name == name }) else { continue }
            let devices = Set(stubs.map(\.device))
            func isOn(_ element: JSONTree, _ key: String) -> Bool {
                element[key]?.string.map(devices.contains) ?? false
            }
            namespaces[position].links.removeAll { isOn($0, "ifname") }
            namespaces[position].addresses.removeAll { isOn($0, "ifname") }
            namespaces[position].routes.ipv6.removeAll { isOn($0, "dev") }
            namespaces[position].neighbours.removeAll { isOn($0, "dev") }
            namespaces[position].fdb.removeAll { isOn($0, "ifname") }
            namespaces[position].mdb.removeAll { isOn($0, "port") }
        }
    }

    /// As if nothing were known of their other ends.
    private mutating func openEnds(_ stubs: ArraySlice<NetworkSlice.Stub>) {
        for stub in stubs {
            guard let position = namespaces.firstIndex(where: { $0.name == stub.namespace }) else { continue }
            for link in namespaces[position].links.indices
            where namespaces[position].links[link]["ifname"]?.string == stub.device {
                namespaces[position].links[link] = namespaces[position].links[link].setting("peer", nil)
            }
        }
    }

    private mutating func addStubs(_ stubs: [NetworkSlice.Stub]) {
        if stubs.isEmpty { return }
        var leftOut = NamespaceSnapshot(name: Self.leftOut, inode: 0)
        // A multicast listener or a router solicitation would be something that the packet's bridge floods.
        leftOut.sysctls = [
            "net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.default.disable_ipv6": "1",
            "net.ipv4.conf.all.arp_ignore": "8",
        ]
        for (number, stub) in stubs.enumerated() {
            let name = "stub\(number + 1)"
            guard let position = namespaces.firstIndex(where: { $0.name == stub.namespace }),
                let link = namespaces[position].links.firstIndex(where: { $0["ifname"]?.string == stub.device })
            else { continue }
            let kind = namespaces[position].links[link]["linkinfo"]?["info_kind"]?.string ?? "veth"
            namespaces[position].links[link] = namespaces[position].links[link].setting(
                "peer",
                JSONTree(members: ["namespace": .string(Self.leftOut), "ifname": .string(name)]))
            leftOut.links.append(stub.link(name: name, index: number + 2, kind: kind))
        }
        namespaces.append(leftOut)
    }
}

extension NetworkSlice.Stub {
    /// As `ip -j -d link` would show the far end.
    fileprivate func link(name: String, index: Int, kind: String) -> JSONTree {
        let flags = ["BROADCAST", "MULTICAST", "NOARP"] + (isUp ? ["UP", "LOWER_UP"] : [])
        return JSONTree(members: [
            "ifindex": .integer(Int64(index)), "ifname": .string(name), "flags": .array(flags.map { .string($0) }),
            "mtu": .integer(Int64(mtu)), "operstate": .string(isUp ? "UP" : "DOWN"), "link_type": .string("ether"),
            "address": mac.map { .string("\($0)") }, "linkinfo": JSONTree(members: ["info_kind": .string(kind)]),
            "peer": JSONTree(members: ["namespace": .string(namespace), "ifname": .string(device)]),
        ])
    }
}
