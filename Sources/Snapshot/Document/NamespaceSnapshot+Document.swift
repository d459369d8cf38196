internal import Network
internal import Wire

extension NamespaceSnapshot {
    var json: JSONTree {
        let whole = members
        // Not the empty list: nothing is known of it. Of a list that was read in part what is known stays.
        let isEmpty: (SnapshotDifference.Part) -> Bool = { part in
            let value = whole[part.rawValue]
            return value?.elements.isEmpty != false && value?.members.allSatisfy { $0.value.elements.isEmpty } != false
        }
        let parts = unread.filter { !isEmpty($0) }.map(\.rawValue).sorted()
        return unread.filter(isEmpty).reduce(whole) { $0.setting($1.rawValue, .null) }
            .setting("incomplete", parts.isEmpty ? nil : .texts(parts))
    }

    private var members: JSONTree {
        JSONTree(members: [
            "name": .string(name), "inode": .number(inode), "path": path.map { .string($0) },
            "nsids": .sorted(nsids) { .number($0) },
            "links": .array(links), "addresses": .array(addresses), "nexthops": .array(nexthops),
            "routes": Self.byFamily(routes), "rules": Self.byFamily(rules),
            "path_mtus": pathMTUs.isEmpty ? nil : .array(pathMTUs),
            "neighbours": .array(neighbours), "fdb": .array(fdb), "mdb": .array(mdb), "vlans": .array(vlans),
            "sysctls": .sorted(sysctls) { .string($0) },
            "nftables": .array(nftables.map(\.json)), "iptables": .array(iptables.map(\.json)),
            "hooks": hooks.map { .array($0) } ?? .null,
            "ipsets": ipsets.map { .lines($0) } ?? .null,
            "conntrack": conntrack.map { .array($0.map(\.json)) } ?? .null,
            "sockets": .array(sockets.map { Self.json(of: $0) }),
            "connected": connected.isEmpty ? nil : .array(connected.map { Self.json(of: $0) }),
            "groups": groups.isEmpty ? nil : .array(groups.map { Self.json(of: $0) }),
            "recent": recent.isEmpty ? nil : .array(recent.map { Self.json(of: $0) }),
            "queues": .array(queues), "filters": .array(filters), "programs": .array(programs),
            "policies": .array(policies),
        ])
    }

    init(_ field: SnapshotField) throws(UnreadableSnapshot) {
        _ = try field.object()
        self.init(
            name: try field["name"].text(), inode: try field["inode"].number(), path: try field["path"].textIfPresent())
        for member in field["nsids"].value?.members ?? [] {
            nsids[member.key] = try field["nsids"][member.key].number()
        }
        links = try field["links"].objects()
        addresses = try field["addresses"].objects()
        nexthops = try field["nexthops"].objects()
        routes = ByFamily(ipv4: try field["routes"]["ipv4"].objects(), ipv6: try field["routes"]["ipv6"].objects())
        rules = ByFamily(ipv4: try field["rules"]["ipv4"].objects(), ipv6: try field["rules"]["ipv6"].objects())
        pathMTUs = field["path_mtus"].isPresent ? try field["path_mtus"].objects() : []
        neighbours = try field["neighbours"].objects()
        fdb = try field["fdb"].objects()
        mdb = try field["mdb"].objects()
        vlans = try field["vlans"].objects()
        for member in field["sysctls"].value?.members ?? [] {
            sysctls[member.key] = try field["sysctls"][member.key].text()
        }
        nftables = try field["nftables"].mapped { (field) throws(UnreadableSnapshot) in try NFTable(field) }
        iptables = try field["iptables"].mapped { (field) throws(UnreadableSnapshot) in try IPTable(field) }
        hooks = field["hooks"].isPresent ? try field["hooks"].objects() : nil
        ipsets = field["ipsets"].isPresent ? try field["ipsets"].lines() : nil
        conntrack =
            field["conntrack"].isPresent
            ? try field["conntrack"].mapped { (field) throws(UnreadableSnapshot) in try ConntrackEntry(field) } : nil
        sockets = try field["sockets"].mapped { (field) throws(UnreadableSnapshot) in try Self.listener(field) }
        if field["connected"].isPresent {
            connected = try field["connected"].mapped { (field) throws(UnreadableSnapshot) in
                try Self.connected(field)
            }
        }
        if field["groups"].isPresent {
            groups = try field["groups"].mapped { (field) throws(UnreadableSnapshot) in
                GroupMembership(device: try field["device"].text(), group: try field["group"].address())
            }
        }
        if field["recent"].isPresent {
            recent = try field["recent"].mapped { (field) throws(UnreadableSnapshot) in try Self.recent(field) }
        }
        queues = try field["queues"].objects()
        filters = try field["filters"].objects()
        programs = try field["programs"].objects()
        policies = try field["policies"].objects()
        for part in SnapshotDifference.Part.allCases where ![.hooks, .ipsets, .conntrack].contains(part) {
            if case .null? = field[part.rawValue].value { unread.insert(part) }
        }
        unread.formUnion(try field["incomplete"].texts().compactMap { SnapshotDifference.Part(rawValue: $0) })
    }

    private static func byFamily(_ values: ByFamily<[JSONTree]>) -> JSONTree {
        JSONTree(members: ["ipv4": .array(values.ipv4), "ipv6": .array(values.ipv6)])
    }

    /// What changes by itself (counters, inodes) is left out. What waits to be read is there where it is something: a full
    /// queue takes no more.
    private static func json(of listener: Listener) -> JSONTree {
        JSONTree(members: [
            "protocol": .string(listener.protocol.rawValue), "address": .string(listener.address.description),
            "port": .number(listener.port), "device": listener.device.map { .string($0) },
            "v6only": listener.isIPv6Only.map { .bool($0) },
            "transparent": listener.isTransparent == true ? .bool(true) : nil,
            "backlog": listener.backlog.map { .number($0) },
            "receive_queue": listener.receiveQueue > 0 ? .number(listener.receiveQueue) : nil,
            "receive_buffer": listener.receiveBufferBytes.map { .number($0) },
            "stopped": listener.isStopped == true ? .bool(true) : nil,
            "signed_peers": listener.signedPeers.map { .texts($0.map(\.description)) },
            "peer": listener.peer.map { peer in
                JSONTree(members: ["address": .string(peer.address.description), "port": .number(peer.port)])
            },
            "process": listener.process.map { .string($0) },
        ])
    }

    private static func listener(_ field: SnapshotField) throws(UnreadableSnapshot) -> Listener {
        var listener = Listener(
            protocol: TransportProtocol(rawValue: try field["protocol"].text()),
            address: try field["address"].address(), port: try field["port"].number())
        listener.device = try field["device"].textIfPresent()
        listener.isIPv6Only = try field["v6only"].flagIfPresent()
        listener.isTransparent = try field["transparent"].flagIfPresent()
        listener.backlog = try field["backlog"].numberIfPresent()
        listener.receiveQueue = try field["receive_queue"].numberIfPresent() ?? 0
        listener.receiveBufferBytes = try field["receive_buffer"].numberIfPresent()
        listener.isStopped = try field["stopped"].flagIfPresent()
        if field["signed_peers"].isPresent {
            listener.signedPeers = try field["signed_peers"].texts().compactMap { IPPrefix($0) }
        }
        if field["peer"].isPresent {
            listener.peer = Listener.Peer(
                try field["peer"]["address"].address(), port: try field["peer"]["port"].number())
        }
        listener.process = try field["process"].textIfPresent()
        return listener
    }
}

extension NamespaceSnapshot {
    private static func json(of socket: ConnectedSocket) -> JSONTree {
        JSONTree(members: [
            "protocol": .string(socket.protocol.rawValue), "local": .string(socket.localAddress.description),
            "local_port": .number(socket.localPort), "remote": .string(socket.remoteAddress.description),
            "remote_port": .number(socket.remotePort),
        ])
    }

    private static func json(of membership: GroupMembership) -> JSONTree {
        JSONTree(members: [
            "device": .string(membership.device), "group": .string(membership.group.description),
        ])
    }

    private static func json(of entry: RecentEntry) -> JSONTree {
        JSONTree(members: [
            "list": .string(entry.list), "address": .string(entry.address.description),
            "seconds_ago": .array(entry.secondsAgo.map { .number(Int64($0.rounded(.down))) }),
        ])
    }

    private static func recent(_ field: SnapshotField) throws(UnreadableSnapshot) -> RecentEntry {
        RecentEntry(
            list: try field["list"].text(), address: try field["address"].address(),
            secondsAgo: try field["seconds_ago"].mapped { (field) throws(UnreadableSnapshot) in
                Double(try field.number(Int64.self))
            })
    }

    private static func connected(_ field: SnapshotField) throws(UnreadableSnapshot) -> ConnectedSocket {
        ConnectedSocket(
            TransportProtocol(rawValue: try field["protocol"].text()), local: try field["local"].address(),
            try field["local_port"].number(), remote: try field["remote"].address(),
            try field["remote_port"].number())
    }
}

extension NamespaceSnapshot.NFTable {
    var json: JSONTree {
        JSONTree(members: [
            "family": .string(family.rawValue), "table": .string(name), "handle": .number(handle),
            "flags": .texts(flags), "text": .lines(text),
        ])
    }

    init(_ field: SnapshotField) throws(UnreadableSnapshot) {
        self.init(
            family: TableFamily(rawValue: try field["family"].text()), name: try field["table"].text(),
            handle: try field["handle"].number(), flags: try field["flags"].texts(), text: try field["text"].lines())
    }
}

extension NamespaceSnapshot.IPTable {
    var json: JSONTree {
        JSONTree(members: [
            "backend": .string(backend.rawValue), "family": .string(family.rawValue), "table": .string(name),
            "handle": handle.map { .number($0) }, "chains": chains.map { .texts($0) }, "text": .lines(text),
        ])
    }

    init(_ field: SnapshotField) throws(UnreadableSnapshot) {
        self.init(
            backend: FirewallBackend(rawValue: try field["backend"].text()),
            family: TableFamily(rawValue: try field["family"].text()), name: try field["table"].text(),
            handle: try field["handle"].numberIfPresent(),
            chains: field["chains"].isPresent ? try field["chains"].texts() : nil, text: try field["text"].lines())
    }
}
