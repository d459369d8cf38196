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
        let quiet = Set(mute.filter(part.isQuiet).dropFirst(quietPorts))
        part.remove(quiet)
        part.addStubs(mute.filter { !quiet.contains($0) })
        return SlicedSnapshot(part, positions: positions)
    }

    /// Whether its link is a bridge's port without anything that is its own: an address, a route, a queue, a program, a rule that
    /// names it by number.
    private func isQuiet(_ stub: NetworkSlice.Stub) -> Bool {
        guard let namespace = self[namespace: stub.namespace],
            let link = namespace.links.first(where: { $0["ifname"]?.string == stub.device }),
            let master = link["master"]?.string,
            namespace.links.contains(where: {
                $0["ifname"]?.string == master && $0["linkinfo"]?["info_kind"]?.string == "bridge"
            })
        else { return false }
        func isOn(_ element: JSONTree) -> Bool {
            (element["dev"] ?? element["ifname"] ?? element["link"])?.string == stub.device
        }
        if namespace.addresses.contains(where: { isOn($0) && $0["scope"]?.string != "link" }) { return false }
        let own = namespace.routes.ipv4 + namespace.routes.ipv6.filter { $0["dst"]?.string?.hasPrefix("fe80:") != true }
        if own.contains(where: { isOn($0) && $0["dst"]?.string != "ff00::/8" }) { return false }
        if (namespace.queues + namespace.filters + namespace.programs).contains(where: isOn) { return false }
        return !namespace.nftables.contains { $0.text.holds("iif \"") || $0.text.holds("oif \"") }
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
