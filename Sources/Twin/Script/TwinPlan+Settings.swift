internal import Network
internal import Snapshot

/// Kernel settings, in the order in which they overwrite each other.
extension TwinPlan {
    /// Settings of the machine that no other namespace than the first can change, or that only tell something.
    private static let fixed: Set<String> = [
        "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets", "net.netfilter.nf_conntrack_count",
        "net.netfilter.nf_conntrack_expect_max", "net.nf_conntrack_max", "net.ipv4.tcp_mem", "net.ipv4.udp_mem",
        "net.core.rmem_max", "net.core.wmem_max", "net.core.rmem_default", "net.core.wmem_default",
        "net.ipv4.tcp_available_congestion_control",
    ]
    /// Switching forwarding on or off sets it for each device and for new ones; so it comes first.
    private static let first = ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"]

    /// The device that a setting is of, and the setting's own name; nil for one of the namespace.
    static func device(of setting: String) -> (device: String, key: String)? {
        for prefix in ["net.ipv4.conf.", "net.ipv6.conf.", "net.ipv4.neigh.", "net.ipv6.neigh.", "net.mpls.conf."] {
            guard setting.hasPrefix(prefix) else { continue }
            let rest = setting.dropFirst(prefix.count)
            guard let dot = rest.lastIndex(of: ".") else { return nil }
            // sysctl(8) writes a dot of a device's name as a slash.
            let device = String(rest[..<dot]).replacing("/", with: ".")
            if device == "all" || device == "default" { return nil }
            return (device, String(rest[rest.index(after: dot)...]))
        }
        return nil
    }

    private static func rank(_ name: String) -> Int {
        if let position = first.firstIndex(of: name) { return position }
        if name.contains(".conf.all.") { return 10 }
        return name.contains(".conf.default.") || name.contains(".neigh.default.") ? 11 : 12
    }

    /// Of the network and of nothing else: root's sandbox may also write settings of the whole machine. A slash stands
    /// for a dot, so two of them would lead out of the folder; sysctl(8) takes patterns.
    private static func isOfNetwork(_ name: String) -> Bool {
        name.hasPrefix("net.") && !name.contains("//") && !name.contains("..")
            && name.utf8.allSatisfy { $0 > 32 && $0 != 127 && !"=*?[".utf8.contains($0) }
    }

    private static func line(_ name: String, _ value: String) -> String? {
        let value = value.replacing("\t", with: " ")
        return value.utf8.contains(10) || !isOfNetwork(name) ? nil : "\(name) = \(value)"
    }

    func addGlobalSettings(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let own = namespace.sysctls.filter { key, value in
            guard Self.device(of: key) == nil, !Self.fixed.contains(key), !key.contains(".neigh.default.gc_") else {
                return false
            }
            // Groups that the sandbox does not have.
            return key != "net.ipv4.ping_group_range" || value.allSatisfy { "01 \t".contains($0) }
        }
        let names = own.keys.sorted { (Self.rank($0), $0) < (Self.rank($1), $1) }
        text.blank()
        text.comment("Settings of \(Self.visible(namespace.name)) that new devices copy, before there are any.")
        text.feed("settings", in: name, names.compactMap { Self.line($0, own[$0] ?? "") })
    }

    /// Devices that are made here, and get the namespace's `default` of these as it was set before.
    private static let copying: Set<String> = ["veth", "bridge", "dummy"]

    /// Whether a setting is as a new device of the namespace has it. What neighbours have comes from the machine's first
    /// namespace instead.
    private static func isCopied(_ setting: String, _ key: String, of link: JSONTree, _ sysctls: [String: String])
        -> Bool
    {
        guard let kind = link["linkinfo"]?.text("info_kind"), copying.contains(kind) else { return false }
        let family = setting.hasPrefix("net.ipv4.conf.") ? "ipv4" : setting.hasPrefix("net.ipv6.conf.") ? "ipv6" : nil
        guard let family, let value = sysctls[setting] else { return false }
        return value == sysctls["net.\(family).conf.default.\(key)"]
    }

    /// Whether a bridge has it, and it has no address itself: then nobody asks it for neighbours. On a host with hundreds of
    /// ports most settings are of such.
    private func isPort(_ link: JSONTree, in namespace: NamespaceSnapshot) -> Bool {
        guard let master = link.text("master"), let name = link.text("ifname"),
            namespace.links.contains(where: { $0.text("ifname") == master && Self.kind(of: $0) == "bridge" })
        else { return false }
        return !namespace.addresses.contains { $0.text("ifname") == name && $0.text("scope") != "link" }
    }

    func addDeviceSettings(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let links = [String: JSONTree](
            namespace.links.compactMap { link in link.text("ifname").map { ($0, link) } },
            uniquingKeysWith: { first, _ in first })
        let own = namespace.sysctls.keys.sorted().filter { setting in
            guard let (device, key) = Self.device(of: setting), let link = links[device] else { return false }
            // The mode of addresses is a property of the link here; an MTU of its own is kept only where it is one.
            if key == "addr_gen_mode" { return false }
            if key == "mtu" { return namespace.sysctls[setting] != link.text("mtu") }
            if setting.contains(".neigh."), isPort(link, in: namespace) { return false }
            return !Self.isCopied(setting, key, of: link, namespace.sysctls)
        }
        guard !own.isEmpty else { return }
        text.blank()
        text.comment("Settings of the devices of \(Self.visible(namespace.name)), where they did not copy them.")
        text.feed("settings", in: name, own.compactMap { Self.line($0, namespace.sysctls[$0] ?? "") })
    }
}
