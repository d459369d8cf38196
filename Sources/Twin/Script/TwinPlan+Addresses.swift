internal import Network
internal import Snapshot

/// Devices set up, and their addresses.
extension TwinPlan {
    /// IFF_UP devices, the plain ones before those that stand on others.
    func addUps(_ text: inout ScriptText) {
        for isStacked in [false, true] {
            for place in places {
                var lines: [String] = []
                for link in place.namespace.links where link.has("UP") && isUpper(link) == isStacked {
                    guard let device = link.text("ifname") else { continue }
                    if hasIPv6(link, in: place.namespace) {
                        lines += [batchLine(["link", "set", device, "addrgenmode", "none"])].compactMap(\.self)
                    }
                    lines += [batchLine(["link", "set", device, "up"])].compactMap(\.self)
                }
                text.feed("ip_batch", in: place.name, lines)
            }
        }
    }

    private func isUpper(_ link: JSONTree) -> Bool {
        let kind = Self.kind(of: link) ?? ""
        return LinkOptions.standsOnAnother(kind) || kind == "vxlan" || kind == "bond" || kind == "vrf"
    }

    /// Whether the kernel would make an address of its own for it: the snapshot's addresses say which it has.
    private func hasIPv6(_ link: JSONTree, in namespace: NamespaceSnapshot) -> Bool {
        guard let device = link.text("ifname"), device != "lo", (link.number("mtu") ?? 1500) >= 1280 else {
            return false
        }
        let key = "net.ipv6.conf.\(device.replacing(".", with: "/")).disable_ipv6"
        return namespace.sysctls[key] == "0"
    }

    func addAddresses(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let ipv4 = namespace.addresses.filter { $0.text("family") == "inet" }
        // The kernel lists the newest address of a scope first.
        let ipv6 = Array(namespace.addresses.filter { $0.text("family") == "inet6" }.reversed())
        var lines = (ipv4 + ipv6).compactMap { addressLine($0, in: namespace) }
        for link in namespace.links where link.text("ifname") == "lo" && link.has("UP") {
            for (address, length) in [("127.0.0.1", "8"), ("::1", "128")] {
                let isThere = namespace.addresses.contains {
                    $0.text("ifname") == "lo" && $0.text("local") == address && $0.text("prefixlen") == length
                }
                let isOn = address == "127.0.0.1" || namespace.sysctls["net.ipv6.conf.lo.disable_ipv6"] == "0"
                if !isThere, isOn { lines.append("addr del \(address)/\(length) dev lo") }
            }
        }
        for link in namespace.links where link.has("UP") && hasIPv6(link, in: namespace) {
            guard let device = link.text("ifname"), let mode = link.text("inet6_addr_gen_mode"), mode != "none" else {
                continue
            }
            lines += [batchLine(["link", "set", device, "addrgenmode", mode == "stable_secret" ? "eui64" : mode])]
                .compactMap(\.self)
        }
        text.feed("ip_batch", in: name, lines)
    }

    private func addressLine(_ address: JSONTree, in namespace: NamespaceSnapshot) -> String? {
        guard let device = address.text("ifname"), let local = address.text("local"),
            let length = address.text("prefixlen")
        else { return nil }
        let isIPv6 = address.text("family") == "inet6"
        // It was refused: another host has it.
        if address.has("dadfailed") { return nil }
        if device == "lo", namespace.links.contains(where: { $0.text("ifname") == "lo" && $0.has("UP") }),
            local == "127.0.0.1" && length == "8" || local == "::1" && length == "128"
        {
            return nil
        }
        var words = ["addr", "add"]
        if let peer = address.text("address") {
            words += [local, "peer", "\(peer)/\(length)"]
        } else {
            words += ["\(local)/\(length)"]
        }
        if let broadcast = address.text("broadcast") { words += ["broadcast", broadcast] }
        if !isIPv6, let scope = address.text("scope"), scope != "0", scope != "global" { words += ["scope", scope] }
        if let label = address.text("label"), label != device { words += ["label", label] }
        words += ["dev", device]
        if let metric = address.text("metric") { words += ["metric", metric] }
        let valid = address.number("valid_life_time") ?? 0xffff_ffff
        let preferred = address.has("deprecated") ? 0 : address.number("preferred_life_time") ?? 0xffff_ffff
        if valid != 0xffff_ffff || preferred != 0xffff_ffff {
            words += ["valid_lft", valid == 0xffff_ffff ? "forever" : "\(valid)"]
            words += ["preferred_lft", preferred == 0xffff_ffff ? "forever" : "\(preferred)"]
        }
        for flag in ["noprefixroute", "home", "mngtmpaddr", "autojoin"] where address.has(flag) { words.append(flag) }
        if isIPv6 { words.append("nodad") }
        return batchLine(words)
    }

    /// Addresses that another host has too: the kernel refuses each as it did then.
    mutating func addCollisions(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let lines = namespace.addresses.compactMap { address -> String? in
            guard address.has("dadfailed"), let device = address.text("ifname"), let local = address.text("local"),
                let length = address.text("prefixlen"), Self.isFileName(device)
            else { return nil }
            if snapshot.isHeldElsewhere(address, than: namespace.name) { return "\(device) \(local)/\(length)" }
            // Who has it is outside.
            let own = standInList.filter { places[$0.place].name == name }
            guard let other = Self.outside(of: device, in: namespace, own), Self.isFileName(other.namespace) else {
                return nil
            }
            return "\(device) \(local)/\(length) \(other.namespace) \(other.device)"
        }
        guard !lines.isEmpty else { return }
        text.blank()
        text.comment("Addresses of \(Self.visible(namespace.name)) that were found to be another's.")
        text.feed("collisions", in: name, lines)
    }
}

extension TwinPlan {
    /// What answers as the outside of a device that is up, or of a port of it.
    static func outside(of device: String, in namespace: NamespaceSnapshot, _ standIns: [StandIn]) -> StandIn? {
        standIns.first { one in
            guard !one.isMute, one.hasCarrier,
                let link = namespace.links.first(where: { $0.text("ifname") == one.link }), link.has("UP")
            else { return false }
            return one.link == device || link.text("master") == device
        }
    }

    /// Whether a device's settings are a folder of that name, which no blank parts: nothing that leads elsewhere.
    private static func isFileName(_ device: String) -> Bool {
        !device.isEmpty && !device.hasPrefix(".")
            && device.utf8.allSatisfy { $0 > 32 && $0 != 127 && !"/\\".utf8.contains($0) }
    }
}

extension HostSnapshot {
    /// Whether an address that was refused is refused in the twin too.
    func isRefusedAgain(_ address: JSONTree, in namespace: NamespaceSnapshot) -> Bool {
        if isHeldElsewhere(address, than: namespace.name) { return true }
        let standIns = TwinPlan.standIns([(namespace, nil)], taken: [], answers: true)
        return TwinPlan.outside(of: address.text("ifname") ?? "", in: namespace, standIns) != nil
    }

    /// Whether another namespace, or another device, has an address that was refused there.
    func isHeldElsewhere(_ address: JSONTree, than name: String) -> Bool {
        namespaces.contains { namespace in
            namespace.addresses.contains {
                $0.text("local") == address.text("local") && !$0.has("dadfailed")
                    && (namespace.name != name || $0.text("ifname") != address.text("ifname"))
            }
        }
    }
}
