internal import Network
internal import Snapshot
internal import WalkModel
internal import Wire

extension ChangeCatalogue {
    /// How a kernel setting of a device is turned.
    private struct DeviceSetting {
        /// Below `net.ipv4.conf.DEVICE` or `net.ipv6.conf.DEVICE`.
        var name: String
        /// Tried in this order.
        var values: [String]
        var code: FindingCode
        /// The kernel takes the greater one of `all` and the device: to lower it both are set.
        var isGreatest = false
        /// The kernel asks that both `all` and the device have it.
        var isOfBoth = false
        /// Only where it has another value than the kernel's default.
        var changesFrom: String?
    }

    private static let ipv4Devices: [DeviceSetting] = [
        DeviceSetting(name: "forwarding", values: ["1"], code: "forwarding-disabled"),
        DeviceSetting(name: "rp_filter", values: ["2", "0"], code: "reverse-path-filter", isGreatest: true),
        DeviceSetting(name: "accept_local", values: ["1"], code: "kernel-refusal"),
        DeviceSetting(name: "route_localnet", values: ["1"], code: "route-localnet"),
        DeviceSetting(name: "arp_ignore", values: ["0"], code: "arp-ignored", isGreatest: true),
        DeviceSetting(name: "arp_announce", values: ["0"], code: "arp-sender-refused", isGreatest: true),
        DeviceSetting(name: "arp_announce", values: ["2"], code: "arp-sender-refused"),
        DeviceSetting(name: "arp_filter", values: ["0"], code: "arp-ignored", isGreatest: true),
        DeviceSetting(name: "proxy_arp", values: ["1"], code: "proxy-missing"),
        DeviceSetting(name: "src_valid_mark", values: ["1"], code: "reverse-path-filter"),
        DeviceSetting(name: "bc_forwarding", values: ["1"], code: "broadcast-not-forwarded", isOfBoth: true),
        DeviceSetting(
            name: "drop_unicast_in_l2_multicast", values: ["0"], code: "kernel-refusal", changesFrom: "1"),
        DeviceSetting(name: "ignore_routes_with_linkdown", values: ["0"], code: "no-route", changesFrom: "1"),
        DeviceSetting(name: "disable_policy", values: ["1"], code: "kernel-refusal"),
    ]

    private static let ipv6Devices: [DeviceSetting] = [
        DeviceSetting(name: "forwarding", values: ["1"], code: "forwarding-disabled"),
        DeviceSetting(name: "disable_ipv6", values: ["0"], code: "family-disabled", changesFrom: "1"),
        DeviceSetting(name: "proxy_ndp", values: ["1"], code: "proxy-missing"),
        DeviceSetting(name: "accept_ra", values: ["2"], code: "no-route"),
        DeviceSetting(
            name: "drop_unicast_in_l2_multicast", values: ["0"], code: "kernel-refusal", changesFrom: "1"),
        DeviceSetting(name: "ignore_routes_with_linkdown", values: ["0"], code: "no-route", changesFrom: "1"),
    ]

    /// Off unless somebody wants what they do: on, they answer or accept for others.
    private static let adding: Set<String> = [
        "proxy_arp", "proxy_ndp", "accept_local", "route_localnet", "bc_forwarding", "accept_ra", "src_valid_mark",
        "disable_policy",
    ]

    /// Settings of a whole namespace, by their values now: `from` and `to`; nil for any other one.
    private static let whole: [(name: String, from: String?, to: String, code: FindingCode, isIPv4: Bool?)] = [
        ("net.ipv4.ip_forward", "0", "1", "forwarding-disabled", true),
        ("net.ipv6.conf.all.forwarding", "0", "1", "forwarding-disabled", false),
        ("net.bridge.bridge-nf-call-iptables", "1", "0", "bridge-netfilter", true),
        ("net.bridge.bridge-nf-call-iptables", "0", "1", "bridge-netfilter", true),
        ("net.bridge.bridge-nf-call-ip6tables", "1", "0", "bridge-netfilter", false),
        ("net.bridge.bridge-nf-call-ip6tables", "0", "1", "bridge-netfilter", false),
        ("net.bridge.bridge-nf-call-arptables", "1", "0", "bridge-netfilter", true),
        ("net.ipv4.icmp_echo_ignore_all", "1", "0", "echo-ignored", true),
        ("net.ipv4.icmp_echo_ignore_broadcasts", "1", "0", "echo-ignored", true),
        ("net.ipv6.icmp.echo_ignore_all", "1", "0", "echo-ignored", false),
        ("net.ipv6.icmp.echo_ignore_multicast", "1", "0", "echo-ignored", false),
        ("net.ipv4.ip_local_port_range", nil, "32768 60999", "local-ports-exhausted", nil),
        ("net.ipv4.ip_default_ttl", nil, "64", "ttl-expired", true),
        ("net.ipv4.ip_nonlocal_bind", "0", "1", "send-failed", true),
        ("net.ipv4.tcp_abort_on_overflow", "1", "0", "accept-queue-full", nil),
        ("net.ipv4.tcp_syncookies", "0", "1", "accept-queue-full", nil),
        ("net.ipv4.tcp_ecn", nil, "2", "kernel-refusal", nil),
        ("net.ipv4.tcp_mtu_probing", "0", "1", "mtu-exceeded", nil),
        ("net.ipv4.tcp_l3mdev_accept", "0", "1", "no-listener", nil),
        ("net.ipv4.udp_l3mdev_accept", "0", "1", "no-listener", nil),
        ("net.netfilter.nf_conntrack_tcp_be_liberal", "0", "1", "conntrack-invalid", nil),
        ("net.netfilter.nf_conntrack_tcp_loose", "0", "1", "conntrack-invalid", nil),
    ]

    /// Each setting that decides, the other way.
    func settings(_ namespace: Namespace) -> [Candidate] {
        guard let values = snapshot[namespace: namespace.name]?.sysctls else { return [] }
        var result: [Candidate] = []
        for setting in Self.whole where setting.isIPv4 ?? isIPv4 == isIPv4 {
            guard let now = values[setting.name]?.words, now != setting.to.words,
                setting.from.map({ $0.words == now }) ?? true
            else { continue }
            let candidate = changed(
                [.sysctl(namespace, setting.name, setting.to)], namespace, nil, code: setting.code, .policy)
            // Bridged packets that meet rules and translations are an addition, where they did not.
            let isAdding = setting.code == "bridge-netfilter" && setting.to == "1"
            result.append(isAdding ? candidate.adding : candidate)
        }
        let family = isIPv4 ? "net.ipv4.conf" : "net.ipv6.conf"
        for link in namespace.links {
            for setting in isIPv4 ? Self.ipv4Devices : Self.ipv6Devices {
                let key = "\(family).\(link.name.replacing(".", with: "/")).\(setting.name)"
                guard let own = values[key] else { continue }
                if link.isLoopback, setting.name == "forwarding" { continue }
                let all = values["\(family).all.\(setting.name)"] ?? "0"
                for value in setting.values {
                    let now = setting.isGreatest ? max(Int(own) ?? 0, Int(all) ?? 0) : Int(own) ?? 0
                    guard let wanted = Int(value), wanted != now, now != 0 || !setting.isGreatest,
                        setting.changesFrom.map({ $0 == own }) ?? true
                    else { continue }
                    var actions: [RemedyAction] = []
                    if setting.isGreatest, let other = Int(all), other > wanted {
                        actions.append(.sysctl(namespace, "\(family).all.\(setting.name)", value))
                    }
                    if setting.isOfBoth, all != value {
                        actions.append(.sysctl(namespace, "\(family).all.\(setting.name)", value))
                    }
                    if !setting.isGreatest || actions.isEmpty || Int(own) ?? 0 > wanted {
                        actions.append(.sysctl(namespace, "\(family).DEVICE.\(setting.name)", device: link.name, value))
                    }
                    let candidate = changed(actions, namespace, link.name, code: setting.code, .device)
                    result.append(Self.adding.contains(setting.name) ? candidate.adding : candidate)
                }
            }
        }
        return result
    }

    private func changed(
        _ actions: [RemedyAction], _ namespace: Namespace, _ device: String?, code: FindingCode,
        _ breadth: Candidate.Breadth
    ) -> Candidate {
        let words = actions.compactMap { action -> (name: String, value: String)? in
            if case .sysctl(let name, let value) = action.change { (name, value) } else { nil }
        }
        return Candidate(
            .setting, actions,
            condition: words.map { "\($0.name) = \($0.value)" }.joined(separator: " and ") + " in \(namespace.name)",
            code: code, place: place(namespace, device: device), breadth: breadth,
            object: "\(namespace.name) \(words.last?.name ?? "")")
    }
}

extension String {
    /// Between blanks and tabs.
    fileprivate var words: [Substring] { split { $0 == " " || $0 == "\t" } }
}
