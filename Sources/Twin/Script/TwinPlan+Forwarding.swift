internal import Network
internal import Snapshot

/// What bridges and tunnels have learned or were told, and what queues packets.
extension TwinPlan {
    mutating func addForwardingEntries(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let lines = namespace.fdb.compactMap { fdbLine($0, in: namespace) } + namespace.mdb.compactMap(mdbLine)
        guard !lines.isEmpty else { return }
        programs.insert("bridge")
        text.blank()
        text.comment("Forwarding databases of \(Self.visible(namespace.name)).")
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

    mutating func addQueues(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        var lines: [String] = []
        for queue in namespace.queues {
            guard let device = queue.text("dev"), let kind = queue.text("kind") else { continue }
            guard let options = Self.queueOptions(kind, queue["options"] ?? .object([])) else {
                assume(.notRebuilt, in: namespace, "the queueing discipline \(kind) of \(device) is not rebuilt")
                continue
            }
            let parent: [String] =
                kind == "clsact" || kind == "ingress" ? [] : queue.text("parent").map { ["parent", $0] } ?? ["root"]
            let handle = queue.text("handle").map { $0 == "0:" || parent.isEmpty ? [] : ["handle", $0] } ?? []
            lines += [batchLine(["qdisc", "add", "dev", device] + parent + handle + [kind] + options)].compactMap(
                \.self)
        }
        for filter in namespace.filters {
            guard let device = filter.text("dev") else { continue }
            assume(
                .notRebuilt, in: namespace,
                "the filter \(filter.text("kind") ?? "of tc") of \(device) is not rebuilt: it lets every packet pass")
        }
        guard !lines.isEmpty else { return }
        programs.insert("tc")
        text.blank()
        text.comment("Queueing disciplines of \(Self.visible(namespace.name)). They begin empty.")
        text.feed("tc_batch", in: name, lines)
    }

    private static func queueOptions(_ kind: String, _ options: JSONTree) -> [String]? {
        switch kind {
        case "clsact", "ingress", "noqueue", "pfifo_fast", "mq": return []
        case "pfifo", "bfifo": return options.text("limit").map { ["limit", $0] } ?? []
        case "tbf":
            // Bytes a second and microseconds.
            guard let rate = options.number("rate"), let burst = options.text("burst") else { return nil }
            let depth =
                options.text("limit").map { ["limit", $0] } ?? ["latency", "\(options.number("lat") ?? 50000)us"]
            return ["rate", "\(rate * 8)bit", "burst", burst] + depth
        case "fq_codel", "fq", "sfq", "codel": return []
        default: return nil
        }
    }
}
