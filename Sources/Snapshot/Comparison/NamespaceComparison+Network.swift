internal import Network

extension NamespaceComparison {
    /// Numbers of namespaces that are in both snapshots.
    mutating func compareIdentifiers() {
        for (name, number) in after.nsids.sorted(by: { $0.key < $1.key }) {
            guard let old = before.nsids[name], old != number else { continue }
            add(.nsids, "namespace \(name) has the number \(number), was \(old)")
        }
    }

    mutating func compareLinks() {
        keyed(.links, "link", before.links.map { Self.link($0) }, after.links.map { Self.link($0) }) {
            $0["ifname"]?.string ?? ""
        }
    }

    /// What follows from other things, or comes by itself some time after.
    private static let derivedLinkKeys: Set<String> = [
        "operstate", "link_index", "link_netnsid", "qdisc", "xdp", "parentbus", "parentdev", "permaddr",
    ]
    private static let derivedPortKeys: Set<String> = [
        "ifindex", "ifname", "link", "link_index", "mtu", "flags", "master", "info_kind",
    ]

    private static func link(_ element: JSONTree) -> JSONTree {
        var link = element.removing(derivedLinkKeys)
        link = link.setting("flags", flags(link, without: ["LOWER_UP", "NO-CARRIER", "M-DOWN", "RUNNING"]))
        let isUp = element["operstate"]?.string == "UP"
        if let port = link["port"] { link = link.setting("port", settled(port.removing(derivedPortKeys), isUp)) }
        if let information = link["linkinfo"], let data = information["info_slave_data"] {
            link = link.setting("linkinfo", information.setting("info_slave_data", settled(data, isUp)))
        }
        return link
    }

    /// A port that listens or learns is on its way to forward, and so is one to whose carrier the kernel has not seen yet.
    private static func settled(_ port: JSONTree, _ isUp: Bool) -> JSONTree {
        guard let state = port["state"]?.string,
            state == "listening" || state == "learning" || state == "disabled" && !isUp
        else { return port }
        return port.setting("state", .string("forwarding"))
    }

    private static func flags(_ element: JSONTree, without left: Set<String>) -> JSONTree? {
        guard let flags = element["flags"] else { return nil }
        return .array(flags.elements.filter { !left.contains($0.string ?? "") })
    }

    /// In order for each device and family, since the first of a network is the primary one.
    mutating func compareAddresses() {
        let groups = [before.addresses, after.addresses].map { elements in
            Dictionary(grouping: elements) { "\($0["family"]?.string ?? "") address of \($0["ifname"]?.string ?? "")" }
        }
        for key in Set(groups[0].keys).union(groups[1].keys).sorted() {
            ordered(
                .addresses, key, (groups[0][key] ?? []).map { Self.address($0) },
                (groups[1][key] ?? []).map { Self.address($0) })
        }
    }

    /// `10.0.0.1/24 scope 0 label eth0`, without what runs down.
    private static func address(_ element: JSONTree) -> String {
        var words = ["\(element["local"]?.string ?? "")/\(element["prefixlen"]?.compact ?? "")"]
        for member in element.removing(["ifname", "family", "local", "prefixlen", "tentative", "optimistic", "nodad"])
            .members
        {
            if member.key.hasSuffix("life_time") {
                if let seconds = member.value.integer, seconds != 0xffff_ffff {
                    words.append("\(member.key) \(seconds == 0 ? "0" : "limited")")
                }
            } else {
                words.append(
                    member.value.isTrue ? member.key : "\(member.key) \(member.value.string ?? member.value.compact)")
            }
        }
        return words.joined(separator: " ")
    }

    mutating func compareRoutes() {
        unordered(.routes, "IPv4 route", Self.routes(before.routes.ipv4), Self.routes(after.routes.ipv4))
        unordered(
            .routes, "IPv6 route", Self.routes(before.routes.ipv6.filter { !Self.followsFromAddress($0) }),
            Self.routes(after.routes.ipv6.filter { !Self.followsFromAddress($0) }))
        ordered(.rules, "IPv4 rule", Self.texts(before.rules.ipv4), Self.texts(after.rules.ipv4))
        ordered(.rules, "IPv6 rule", Self.texts(before.rules.ipv6), Self.texts(after.rules.ipv6))
    }

    /// The kernel makes them, some of them only when an address is no longer tentative.
    private static func followsFromAddress(_ route: JSONTree) -> Bool {
        route["table"]?.string == "255" && route["protocol"]?.string == "2"
    }

    private static func routes(_ elements: [JSONTree]) -> [String] {
        elements.map { element in
            var route = element.removing(["expires", "age", "used", "cache"])
            // Of the flags only this one is a setting: others say what became of the device.
            func settings(_ tree: JSONTree) -> JSONTree {
                guard let flags = tree["flags"] else { return tree }
                let kept = flags.elements.filter { ["onlink", "pervasive"].contains($0.string ?? "") }
                return tree.setting("flags", kept.isEmpty ? nil : .array(kept))
            }
            if let hops = route["nexthops"] { route = route.setting("nexthops", .array(hops.elements.map(settings))) }
            return settings(route).compact
        }
    }

    mutating func compareNeighbours() {
        unordered(
            .neighbours, "neighbour", Self.neighbours(before.neighbours), Self.neighbours(after.neighbours))
        unordered(.fdb, "FDB entry", Self.entries(before.fdb, of: before), Self.entries(after.fdb, of: after))
        unordered(
            .mdb, "MDB entry", Self.texts(Self.groups(before.mdb)), Self.texts(Self.groups(after.mdb)))
        unordered(.vlans, "VLANs of a port", Self.texts(before.vlans), Self.texts(after.vlans))
    }

    /// Those that were set, not those that were learned.
    private static func neighbours(_ elements: [JSONTree]) -> [String] {
        texts(
            elements.filter { element in
                element["proxy"]?.isTrue == true || element["extern_learn"] != nil
                    || element["state"]?.elements.contains { $0.string == "PERMANENT" } == true
            })
    }

    private static func entries(_ elements: [JSONTree], of namespace: NamespaceSnapshot) -> [String] {
        // A port's own address and its bridge's are there by themselves, under either where they are the same.
        let own = Set(namespace.links.compactMap { $0["address"]?.string })
        return texts(
            elements.filter { element in
                if element["dst"] == nil, let mac = element["mac"]?.string, own.contains(mac) { return false }
                let flags = element["flags"]?.elements.compactMap(\.string) ?? []
                return ["permanent", "static"].contains(element["state"]?.string ?? "")
                    || flags.contains("extern_learn") || flags.contains("sticky")
            }.map { $0.removing(["used", "updated"]) })
    }

    private static func groups(_ elements: [JSONTree]) -> [JSONTree] {
        elements.filter { $0["state"]?.string == "permanent" }.map { $0.removing(["timer", "index"]) }
    }

    /// The kernel keeps these for the whole machine, or they repeat what a link says.
    private static func isShared(_ key: String) -> Bool {
        ["net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets"].contains(key)
            || key.hasPrefix("net.ipv6.conf.") && (key.hasSuffix(".mtu") || key.hasSuffix(".addr_gen_mode"))
    }

    mutating func compareSysctls() {
        for key in Set(before.sysctls.keys).union(after.sysctls.keys).sorted() where !Self.isShared(key) {
            let (old, new) = (before.sysctls[key], after.sysctls[key])
            if old == new { continue }
            // The settings of a device come and go with it.
            if old == nil || new == nil, let device = Self.device(key), !isInBoth(device) { continue }
            // Two ways to say that nobody may.
            if key == "net.ipv4.ping_group_range", Self.isEmptyRange(old), Self.isEmptyRange(new) { continue }
            let was = old.map { $0.isEmpty ? "empty" : $0 } ?? "at its default"
            add(.sysctls, "\(key) is \(new.map { $0.isEmpty ? "empty" : $0 } ?? "at its default"), was \(was)")
        }
    }

    private static func device(_ key: String) -> String? {
        let words = key.split(separator: ".")
        guard words.count == 5, words[2] == "conf" || words[2] == "neigh" else { return nil }
        return String(words[3].map { $0 == "/" ? "." : $0 })
    }

    private func isInBoth(_ device: String) -> Bool {
        [before, after].allSatisfy { $0.links.contains { $0["ifname"]?.string == device } }
            || device == "all" || device == "default"
    }

    private static func isEmptyRange(_ range: String?) -> Bool {
        let ends = range?.split(separator: " ").compactMap { UInt64($0) } ?? []
        return ends.count == 2 && ends[0] > ends[1]
    }
}
