internal import Network
internal import Wire
internal import Wire

extension NamespaceComparison {
    mutating func compareRulesets() {
        let tables = [before.nftables, after.nftables].map { tables in
            Dictionary(tables.map { ("\($0.family) \($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
        }
        for name in Set(tables[0].keys).union(tables[1].keys).sorted() {
            guard let old = tables[0][name], let new = tables[1][name] else {
                add(.nftables, "nftables table \(name) is \(tables[1][name] == nil ? "gone" : "new")")
                continue
            }
            if Set(old.flags) != Set(new.flags) {
                add(.nftables, "nftables table \(name): flags \(Self.words(new.flags)), was \(Self.words(old.flags))")
            }
            sections(.nftables, "nftables \(name)", RulesetText.nftables(old.text), RulesetText.nftables(new.text))
        }
        compareIPTables()
        // At equal priority the newest table's chains come first.
        let orders = [before, after].map { namespace in
            let native = namespace.nftables.map { ($0.handle, "\($0.family) \($0.name)") }
            let compatible = namespace.iptables.compactMap { table in
                table.handle.map { ($0, "\(table.backend) \(table.family) \(table.name)") }
            }
            return (native + compatible).sorted { $0.0 < $1.0 }.map(\.1)
        }
        let common = Set(orders[0]).intersection(orders[1])
        ordered(
            .nftables, "table of nf_tables", orders[0].filter { common.contains($0) },
            orders[1].filter { common.contains($0) })
        if let old = before.hooks, let new = after.hooks {
            ordered(.hooks, "hook", Self.texts(old), Self.texts(new))
        }
    }

    private mutating func compareIPTables() {
        let tables = [before.iptables, after.iptables].map { tables in
            Dictionary(
                tables.map { ("\($0.backend) \($0.family) \($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
        }
        for name in Set(tables[0].keys).union(tables[1].keys).sorted() {
            guard let old = tables[0][name], let new = tables[1][name] else {
                add(.iptables, "table \(name) is \(tables[1][name] == nil ? "gone" : "new")")
                continue
            }
            if Set(old.chains ?? []) != Set(new.chains ?? []) {
                add(
                    .iptables,
                    "table \(name): base chains \(Self.words(new.chains ?? [])), was \(Self.words(old.chains ?? []))")
            }
            sections(.iptables, name, RulesetText.iptables(old.text), RulesetText.iptables(new.text))
        }
    }

    /// - Parameter old: lines in order, by what they are the rules of.
    private mutating func sections(
        _ part: SnapshotDifference.Part, _ what: String, _ old: [String: [String]], _ new: [String: [String]]
    ) {
        for key in Set(old.keys).union(new.keys).sorted() {
            guard let newLines = new[key] else {
                add(part, "\(what): \(key) is gone")
                continue
            }
            guard let oldLines = old[key] else {
                add(part, "\(what): \(key) is new")
                continue
            }
            ordered(part, "\(what), \(key): rule", oldLines, newLines)
        }
    }

    private static func words(_ words: [String]) -> String {
        words.isEmpty ? "none" : words.sorted().joined(separator: " ")
    }

    mutating func compareState() {
        compareIPSets()
        switch (before.conntrack, after.conntrack) {
        case (let old?, let new?):
            // Reports of groups are the kernel's own, and come when it pleases, also by tunnels.
            let ports = tunnelPorts
            let entries = [old, new].map { entries in
                entries.filter { entry in
                    let isOuter = entry.ipProtocol == .udp && entry.original.destinationPort.map(ports.contains) == true
                    return entry.ipProtocol != .igmp && !isOuter
                }.map { Self.entry($0) }
            }
            unordered(.conntrack, "conntrack entry", entries[0], entries[1])
        case (nil, nil): break
        case (_, nil): add(.conntrack, "the conntrack entries could not be read")
        case (nil, _): add(.conntrack, "the conntrack entries could not be read before")
        }
        unordered(.sockets, "socket", before.sockets.map { Self.socket($0) }, after.sockets.map { Self.socket($0) })
    }

    /// To which VXLAN and Geneve send.
    private var tunnelPorts: Set<UInt16> {
        Set(
            (before.links + after.links).compactMap { link in
                guard ["vxlan", "geneve"].contains(link["linkinfo"]?["info_kind"]?.string ?? "") else { return nil }
                return (link["linkinfo"]?["info_data"]?["port"]?.integer).flatMap { UInt16(exactly: $0) }
            })
    }

    private mutating func compareIPSets() {
        guard let old = before.ipsets, let new = after.ipsets else {
            if before.ipsets != nil { add(.ipsets, "the ipsets could not be read") }
            if after.ipsets != nil { add(.ipsets, "the ipsets could not be read before") }
            return
        }
        unordered(.ipsets, "ipset", RulesetText.ipsets(old), RulesetText.ipsets(new))
    }

    private static func entry(_ entry: ConntrackEntry) -> String {
        var known = entry
        known.timeout = nil
        known.status.sort()
        return known.json.compact
    }

    private static func socket(_ listener: Listener) -> String {
        var text = "\(listener.protocol) \(listener.address) port \(listener.port)"
        if let device = listener.device { text += " on \(device)" }
        if listener.isIPv6Only == true { text += ", IPv6 only" }
        if listener.isTransparent == true { text += ", transparent" }
        if let peer = listener.peer { text += ", connected to \(peer.address) port \(peer.port)" }
        if let peers = listener.signedPeers { text += ", signed by \(peers.map(\.description).sorted())" }
        return text
    }
}
