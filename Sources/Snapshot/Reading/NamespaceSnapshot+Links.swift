internal import Network

extension NamespaceSnapshot {
    /// What `ip -j -d link` tells that no command can set, or that changes by itself.
    static let volatileLinkKeys: Set<String> = [
        "promiscuity", "allmulti", "min_mtu", "max_mtu", "tso_max_size", "tso_max_segs", "addr_info", "stats",
        "stats64",
    ]
    private static let volatileBridgeKeys: Set<String> = [
        "hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "topology_change", "topology_change_detected",
        "root_id", "root_port", "root_path_cost", "mcast_hash_elasticity", "bridge_id",
    ]
    private static let volatilePortKeys: Set<String> = [
        "message_age_timer", "forward_delay_timer", "hold_timer", "id", "designated_port", "designated_cost",
        "bridge_id",
        "root_id", "topology_change_ack", "config_pending",
    ]

    /// From an element of `ip -j route show cache`; nil for one that tells of no MTU.
    static func pathMTU(_ element: JSONTree) -> JSONTree? {
        guard let mtu = element["metrics"]?.elements.compactMap({ $0["mtu"] }).first else { return nil }
        return JSONTree(members: ["dst": element["dst"], "dev": element["dev"], "mtu": mtu])
    }

    /// An element of `ip -N -j -d link` without what changes by itself, and with words that `-N` made numbers.
    static func link(_ element: JSONTree) -> JSONTree {
        var link = element.removing(volatileLinkKeys)
        // ARPHRD_ of linux/if_arp.h; ip writes those two by name without -N.
        let types = ["[1]": "ether", "[772]": "loopback"]
        if let type = link["link_type"]?.string, let name = types[type] {
            link = link.setting("link_type", .string(name))
        }
        guard var information = link["linkinfo"] else { return link }
        if let data = information["info_data"] {
            information = information.setting("info_data", data.removing(volatileBridgeKeys))
        }
        if let data = information["info_slave_data"] {
            information = information.setting("info_slave_data", data.removing(volatilePortKeys))
        }
        return link.setting("linkinfo", information)
    }

    /// The addresses of elements of `ip -j -d addr`, each with its device's name.
    static func addresses(_ elements: [JSONTree]) -> [JSONTree] {
        elements.flatMap { element -> [JSONTree] in
            let name = JSONTree.Member("ifname", element["ifname"] ?? .null)
            return (element["addr_info"]?.elements ?? []).filter { !$0.members.isEmpty }.map {
                .object([name] + $0.members)
            }
        }
    }

    /// RTN_ of linux/rtnetlink.h: `ip -N` prints numbers, `ip route add` takes words alone.
    private static let routeTypes = [
        "1": "unicast", "2": "local", "3": "broadcast", "4": "anycast", "5": "multicast", "6": "blackhole",
        "7": "unreachable", "8": "prohibit", "9": "throw", "10": "nat", "11": "xresolve",
    ]

    static func route(_ element: JSONTree) -> JSONTree {
        guard let type = element["type"]?.string, let word = routeTypes[type] else { return element }
        return element.setting("type", .string(word))
    }

    static func rule(_ element: JSONTree) -> JSONTree {
        var rule = element
        if let action = rule["action"]?.string, let word = routeTypes[action] {
            rule = rule.setting("action", .string(word))
        }
        // `ip -N` writes `ipproto-6`, which `ip rule add` does not take.
        if let number = rule["ipproto"]?.string, number.hasPrefix("ipproto-") {
            rule = rule.setting("ipproto", .string(String(number.dropFirst("ipproto-".count))))
        }
        return rule
    }

    /// A neighbour without what its use changes.
    static func neighbour(_ element: JSONTree, isProxy: Bool = false) -> JSONTree {
        let kept = element.removing(["used", "confirmed", "updated", "refcnt", "probes"])
        return isProxy ? kept.setting("proxy", .bool(true)) : kept
    }

    /// Whether an element of `bridge fdb` only says that the device itself takes a multicast group: the kernel makes
    /// those.
    static func isGroup(_ element: JSONTree) -> Bool {
        guard element["master"] == nil, element["dst"] == nil, let mac = element["mac"]?.string,
            let first = UInt8(mac.prefix(2), radix: 16)
        else { return false }
        return first & 1 == 1
    }
}
