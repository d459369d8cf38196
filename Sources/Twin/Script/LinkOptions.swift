internal import Network
internal import Snapshot

/// From what `ip -j -d link` prints of a device to the words that `ip link` takes.
enum LinkOptions {
    /// Whether `ip link add` names its lower device by `link`.
    static func standsOnAnother(_ kind: String) -> Bool {
        ["macvlan", "macvtap", "ipvlan", "ipvtap", "vlan", "macsec"].contains(kind)
    }

    /// The options of a kind; nil for a kind that can't be made by a command alone.
    static func words(_ kind: String, _ link: JSONTree, lower: String?) -> [String]? {
        let data = link["linkinfo"]?["info_data"] ?? .object([])
        switch kind {
        case "vxlan": return vxlan(data)
        case "macvlan", "macvtap":
            guard lower != nil else { return nil }
            return ["mode", data.text("mode") ?? "vepa"] + (data.has("nopromisc") ? ["nopromisc"] : [])
        case "ipvlan", "ipvtap":
            guard lower != nil else { return nil }
            return ["mode", data.text("mode") ?? "l3"] + [data.text("mode_flag") ?? "bridge"]
        case "vlan":
            guard lower != nil, let id = data.text("id") else { return nil }
            return (data.text("protocol").map { ["protocol", $0] } ?? []) + ["id", id]
        case "vrf": return data.text("table").map { ["table", $0] }
        case "bond": return bond(data)
        case "gre", "gretap", "ipip", "sit", "ip6tnl", "ip6gre", "ip6gretap", "vti", "vti6", "erspan":
            return tunnel(data)
        case "geneve":
            return ["id", data.text("id") ?? "0"]
                + (data.text("remote") ?? data.text("remote6")).map { ["remote", $0] }.orEmpty
                + data.text("port").map { ["dstport", $0] }.orEmpty
        case "wireguard", "team", "nlmon", "netkit": return []
        case "dummy", "ifb": return []
        default: return nil
        }
    }

    private static func vxlan(_ data: JSONTree) -> [String] {
        var words: [String] = []
        words += data.has("external") ? ["external"] : ["id", data.text("id") ?? "0"]
        for (keys, word) in [
            (["group", "group6"], "group"), (["remote", "remote6"], "remote"), (["local", "local6"], "local"),
            (["link"], "dev"),
        ] {
            if let value = keys.lazy.compactMap({ data.text($0) }).first { words += [word, value] }
        }
        words += ["dstport", data.text("port") ?? "4789"]
        if let range = data["port_range"], let low = range.text("low"), let high = range.text("high"),
            low != "0" || high != "0"
        {
            words += ["srcport", low, high]
        }
        if let ttl = data.text("ttl"), ttl != "0" { words += ["ttl", ttl] }
        if let tos = data.text("tos"), tos != "0", tos != "0x0" { words += ["tos", tos] }
        if let df = data.text("df"), df != "unset" { words += ["df", df] }
        if let ageing = data.text("ageing"), ageing != "300" { words += ["ageing", ageing] }
        if let limit = data.text("limit"), limit != "0" { words += ["maxaddress", limit] }
        if data["learning"] != nil, !data.has("learning") { words += ["nolearning"] }
        for (key, word) in [
            ("proxy", "proxy"), ("rsc", "rsc"), ("l2miss", "l2miss"), ("l3miss", "l3miss"), ("gbp", "gbp"),
            ("gpe", "gpe"),
            ("udp_zero_csum6_tx", "udp6zerocsumtx"), ("udp_zero_csum6_rx", "udp6zerocsumrx"),
            ("vnifilter", "vnifilter"),
        ] where data.has(key) {
            words += [word]
        }
        if data["udp_csum"] != nil, !data.has("udp_csum") { words += ["noudpcsum"] }
        return words
    }

    private static func bond(_ data: JSONTree) -> [String] {
        var words: [String] = []
        for key in ["mode", "miimon", "xmit_hash_policy", "ad_lacp_rate"] {
            if let value = data.text(key) { words += [key == "ad_lacp_rate" ? "lacp_rate" : key, value] }
        }
        return words
    }

    private static func tunnel(_ data: JSONTree) -> [String] {
        var words: [String] = []
        for key in ["remote", "local", "ttl", "tos", "ikey", "okey", "key", "mode", "proto"] {
            if let value = data.text(key), !["any", "0.0.0.0", "::", "0"].contains(value) {
                words += [key == "proto" ? "mode" : key, value]
            }
        }
        if let device = data.text("link") { words += ["dev", device] }
        if data["pmtudisc"] != nil, !data.has("pmtudisc") { words += ["nopmtudisc"] }
        return words
    }

    // MARK: Bridges

    /// What `ip -d` prints, what `ip link set … type bridge` takes, and what a new bridge has.
    private static let bridgeOptions: [(key: String, word: String, usual: String)] = [
        ("forward_delay", "forward_delay", "1500"), ("hello_time", "hello_time", "200"), ("max_age", "max_age", "2000"),
        ("ageing_time", "ageing_time", "30000"), ("priority", "priority", "32768"),
        ("vlan_filtering", "vlan_filtering", "0"), ("vlan_protocol", "vlan_protocol", "802.1Q"),
        ("vlan_default_pvid", "vlan_default_pvid", "1"), ("group_fwd_mask", "group_fwd_mask", "0"),
        ("group_addr", "group_addr", "01:80:c2:00:00:00"), ("mcast_snooping", "mcast_snooping", "1"),
        ("no_linklocal_learn", "no_linklocal_learn", "0"), ("mcast_router", "mcast_router", "1"),
        ("mcast_query_use_ifaddr", "mcast_query_use_ifaddr", "0"), ("mcast_querier", "mcast_querier", "0"),
        ("mcast_hash_max", "mcast_hash_max", "4096"), ("mcast_last_member_cnt", "mcast_last_member_count", "2"),
        ("mcast_startup_query_cnt", "mcast_startup_query_count", "2"),
        ("mcast_last_member_intvl", "mcast_last_member_interval", "100"),
        ("mcast_membership_intvl", "mcast_membership_interval", "26000"),
        ("mcast_querier_intvl", "mcast_querier_interval", "25500"),
        ("mcast_query_intvl", "mcast_query_interval", "12500"),
        ("mcast_query_response_intvl", "mcast_query_response_interval", "1000"),
        // The kernel rounds what it has by itself: 31.25 s is no number of hundredths.
        ("mcast_startup_query_intvl", "mcast_startup_query_interval", "3124"),
        ("mcast_stats_enabled", "mcast_stats_enabled", "0"), ("mcast_igmp_version", "mcast_igmp_version", "2"),
        ("mcast_mld_version", "mcast_mld_version", "1"), ("nf_call_iptables", "nf_call_iptables", "0"),
        ("nf_call_ip6tables", "nf_call_ip6tables", "0"), ("nf_call_arptables", "nf_call_arptables", "0"),
    ]

    /// One command an option: a kernel that lacks one refuses the whole command, even where it asks for what is.
    static func bridgeLines(_ link: JSONTree) -> [String] {
        guard let device = link.text("ifname"), TwinPlan.kind(of: link) == "bridge",
            let data = link["linkinfo"]?["info_data"]
        else { return [] }
        return bridgeOptions.flatMap { key, word, usual -> [String] in
            guard let value = data.text(key), value != usual, value != "0x\(usual)", key != "mcast_querier" else {
                return []
            }
            return [batchLine(["link", "set", device, "type", "bridge", word, value])].compactMap(\.self)
        }
    }

    /// A bridge that asks for members of groups. A new one is not believed for as long as an answer may take, and for IPv6 only once
    /// it has asked from an address of its own: this one has asked long ago.
    static func querierLines(_ link: JSONTree) -> [String] {
        guard let device = link.text("ifname"), TwinPlan.kind(of: link) == "bridge",
            let data = link["linkinfo"]?["info_data"], let value = data.text("mcast_querier"), value != "0"
        else { return [] }
        let usual = data.text("mcast_query_response_intvl") ?? "1000"
        return [
            ["mcast_query_response_interval", "1"], ["mcast_querier", value], ["mcast_query_response_interval", usual],
        ].compactMap { batchLine(["link", "set", device, "type", "bridge"] + $0) }
    }

    private static let portOptions: [(key: String, word: String, usual: String)] = [
        ("priority", "priority", "32"), ("cost", "cost", "2"), ("hairpin", "hairpin", "off"), ("guard", "guard", "off"),
        ("root_block", "root_block", "off"), ("fastleave", "fastleave", "off"), ("learning", "learning", "on"),
        ("flood", "flood", "on"), ("proxy_arp", "proxy_arp", "off"), ("proxy_arp_wifi", "proxy_arp_wifi", "off"),
        ("multicast_router", "mcast_router", "1"), ("mcast_flood", "mcast_flood", "on"),
        ("bcast_flood", "bcast_flood", "on"), ("mcast_to_unicast", "mcast_to_unicast", "off"),
        ("group_fwd_mask", "group_fwd_mask", "0"), ("neigh_suppress", "neigh_suppress", "off"),
        ("vlan_tunnel", "vlan_tunnel", "off"), ("isolated", "isolated", "off"), ("locked", "locked", "off"),
        ("backup_port", "backup_port", ""),
    ]

    private static func portData(_ link: JSONTree) -> JSONTree? {
        let information = link["linkinfo"]
        return information?.text("info_slave_kind") == "bridge" ? information?["info_slave_data"] : nil
    }

    static func portNumber(_ link: JSONTree) -> Int64 {
        guard let text = portData(link)?.text("no") else { return .max }
        return Int64(text.hasPrefix("0x") ? text.dropFirst(2) : text[...], radix: text.hasPrefix("0x") ? 16 : 10)
            ?? .max
    }

    static func portLines(_ link: JSONTree) -> [String] {
        guard let device = link.text("ifname"), let data = portData(link) else { return [] }
        return portOptions.compactMap { key, word, usual in
            let value: String?
            if case .bool(let isOn) = data[key] { value = isOn ? "on" : "off" } else { value = data.text(key) }
            guard let value, value != usual else { return nil }
            return batchLine(["link", "set", device, "type", "bridge_slave", word, value])
        }
    }

    /// `bridge vlan`: memberships of ports, and of bridges themselves.
    static func vlanLines(_ namespace: NamespaceSnapshot) -> [String] {
        namespace.vlans.flatMap { element -> [String] in
            guard let device = element.text("ifname") else { return [] }
            let isBridge = namespace.links.contains { $0.text("ifname") == device && TwinPlan.kind(of: $0) == "bridge" }
            let own = isBridge ? ["self"] : []
            let vlans = element["vlans"]?.elements ?? []
            var lines: [String?] = []
            if !vlans.contains(where: { $0.text("vlan") == "1" }) {
                lines.append(batchLine(["vlan", "del", "dev", device, "vid", "1"] + own))
            }
            for vlan in vlans {
                guard let id = vlan.text("vlan") else { continue }
                let range = vlan.text("vlanEnd").map { "\(id)-\($0)" } ?? id
                let flags = (vlan.has("PVID") ? ["pvid"] : []) + (vlan.has("Egress Untagged") ? ["untagged"] : [])
                lines.append(batchLine(["vlan", "add", "dev", device, "vid", range] + flags + own))
            }
            return lines.compactMap(\.self)
        }
    }

    /// A bridge that runs the spanning tree: its ports would listen first, so it is switched on when they forward already.
    static func treeLine(_ link: JSONTree, in namespace: NamespaceSnapshot) -> String? {
        guard let device = link.text("ifname"), TwinPlan.kind(of: link) == "bridge",
            runsTree(link), !hasBlockedPort(link, in: namespace)
        else { return nil }
        return batchLine(["link", "set", device, "type", "bridge", "stp_state", "1"])
    }

    static func runsTree(_ link: JSONTree) -> Bool {
        link["linkinfo"]?["info_data"]?.text("stp_state").map { $0 != "0" } ?? false
    }

    /// With the spanning tree no port's state can be set: a blocked one needs it off.
    static func hasBlockedPort(_ link: JSONTree, in namespace: NamespaceSnapshot) -> Bool {
        namespace.links.contains {
            $0.text("master") == link.text("ifname") && state(of: $0).map { $0 != "3" } ?? false
        }
    }

    /// A port that does not forward. For bridge(8): what ip(8) changes of a port makes a disabled one forward again.
    static func stateLine(_ link: JSONTree) -> String? {
        guard let device = link.text("ifname"), let state = state(of: link), state != "3", link.has("UP") else {
            return nil
        }
        // Disabled by nobody: the kernel had not seen to its carrier yet.
        if state == "0", link.text("operstate") != "UP" { return nil }
        return batchLine(["link", "set", "dev", device, "state", state])
    }

    /// BR_STATE_ of linux/if_bridge.h.
    private static func state(of link: JSONTree) -> String? {
        guard let text = portData(link)?.text("state") else { return nil }
        let words = ["disabled": "0", "listening": "1", "learning": "2", "forwarding": "3", "blocking": "4"]
        return words[text] ?? text
    }
}

extension Optional where Wrapped == [String] {
    var orEmpty: [String] { self ?? [] }
}
