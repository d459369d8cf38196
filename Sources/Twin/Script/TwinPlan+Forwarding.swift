internal import Network
internal import Snapshot

/// What bridges and tunnels have learned or were told.
extension TwinPlan {
    mutating func addForwardingEntries(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let lines = namespace.fdb.compactMap { fdbLine($0, in: namespace) } + namespace.mdb.compactMap(mdbLine)
        guard !lines.isEmpty else { return }
        programs.insert("bridge")
        text.blank()
        text.comment("Forwarding databases of \(Self.visible(namespace.name)).")
        addWait(&text, namespace, name)
        text.feed("bridge_batch", in: name, lines)
    }

    private func fdbLine(_ entry: JSONTree, in namespace: NamespaceSnapshot) -> String? {
        guard let mac = entry.text("mac"), let device = entry.text("ifname"),
            let link = namespace.links.first(where: { $0.text("ifname") == device })
        else { return nil }
        let state = entry.text("state") ?? ""
        // Each port keeps an entry for its own address, and so does the bridge.
        let isOwn = namespace.links.contains { $0.text("address") == mac }
        if state == "permanent", isOwn, entry["dst"] == nil { return nil }
        let kind = Self.kind(of: link)
        let isTunnel = kind == "vxlan" && entry["master"] == nil
        // What `remote` of the device made.
        if isTunnel, mac == "00:00:00:00:00:00",
            let remote = link["linkinfo"]?["info_data"].flatMap({ $0.text("remote") ?? $0.text("remote6") }),
            remote == entry.text("dst")
        {
            return nil
        }
        var words = ["fdb", mac == "00:00:00:00:00:00" ? "append" : "replace", mac, "dev", device]
        for key in ["dst", "port", "vni", "src_vni", "nhid"] {
            if let value = entry.text(key) { words += [key, value] }
        }
        if let lower = entry.text("viaIf"), isTunnel, entry["dst"] != nil { words += ["via", lower] }
        if let vlan = entry.text("vlan") { words += ["vlan", vlan] }
        words.append(entry["master"] != nil ? "master" : "self")
        if isTunnel {
            words.append(state == "permanent" || state == "static" ? state : "dynamic")
        } else {
            words.append(state.isEmpty ? "dynamic" : state)
        }
        for flag in ["sticky", "extern_learn", "router"] where entry.has(flag) { words.append(flag) }
        return batchLine(words)
    }

    private func mdbLine(_ entry: JSONTree) -> String? {
        guard let bridge = entry.text("dev"), let port = entry.text("port"), let group = entry.text("grp") else {
            return nil
        }
        // The bridge's own memberships come from its sockets.
        if bridge == port { return nil }
        var words = [
            "mdb", "add", "dev", bridge, "port", port, "grp", group,
            entry.text("state") == "permanent" ? "permanent" : "temp",
        ]
        if let vlan = entry.text("vid") { words += ["vid", vlan] }
        return batchLine(words)
    }
}
