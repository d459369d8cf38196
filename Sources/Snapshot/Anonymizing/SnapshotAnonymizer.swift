internal import Network
internal import Wire

/// Replaces what tells whose network it is, part by part.
struct SnapshotAnonymizer {
    private var anonymizer: Anonymizer
    /// What each namespace is called instead.
    private var names: [String: String] = [:]

    init(_ snapshot: HostSnapshot, key: (UInt64, UInt64)) {
        anonymizer = Anonymizer(key: key)
        for (position, namespace) in snapshot.namespaces.enumerated() {
            names[namespace.name] = namespace.name == "host" ? "host" : "namespace\(position)"
        }
        for namespace in snapshot.namespaces { keepOrder(of: namespace) }
    }

    mutating func anonymized(_ snapshot: HostSnapshot) -> HostSnapshot {
        var result = snapshot
        result.host = "host"
        // A hash that is the same in every snapshot of this boot.
        result.boot = nil
        result.namespaces = snapshot.namespaces.map { anonymized($0) }
        result.warnings = snapshot.warnings.map { warning($0) }
        result.omitted += [
            "names of hosts, namespaces and processes", "comments of rules and sets",
            "numbers that u32 filters compare with",
        ]
        return result
    }

    // MARK: Ranges

    /// Ranges must stay ranges, and the last address of a network the last one.
    private mutating func keepOrder(of namespace: NamespaceSnapshot) {
        for table in namespace.nftables { anonymizer.keepOrderOfRanges(in: table.text) }
        for table in namespace.iptables { anonymizer.keepOrderOfRanges(in: table.text) }
        if let sets = namespace.ipsets { anonymizer.keepOrderOfRanges(in: sets) }
        for element in namespace.addresses {
            guard let address = element["local"]?.string.flatMap({ IPAddress($0) }),
                let length = element["prefixlen"]?.integer, let prefix = IPPrefix("\(address)/\(length)")
            else { continue }
            keepEnds(prefix)
        }
        for route in namespace.routes.ipv4 {
            if let prefix = route["dst"]?.string.flatMap({ IPPrefix($0) }) { keepEnds(prefix) }
        }
    }

    private mutating func keepEnds(_ prefix: IPPrefix) {
        guard prefix.address.isIPv4, prefix.length > 0, prefix.length < 31 else { return }
        let host = UInt64(1) << UInt64(32 - prefix.length) - 1
        let first = prefix.address.low & ~host
        anonymizer.keepOrder(
            from: IPAddress(ipv4: UInt32(truncatingIfNeeded: first)),
            to: IPAddress(ipv4: UInt32(truncatingIfNeeded: first | host)))
    }

    // MARK: Parts

    private mutating func anonymized(_ namespace: NamespaceSnapshot) -> NamespaceSnapshot {
        var result = namespace
        result.name = name(namespace.name)
        // Others are paths of processes and of container engines.
        let isNamed = ["/run/netns/", "/var/run/netns/"].contains { namespace.path?.hasPrefix($0) == true }
        result.path = isNamed ? "/run/netns/\(result.name)" : nil
        result.nsids = Dictionary(namespace.nsids.map { (name($0), $1) }, uniquingKeysWith: { first, _ in first })
        result.links = namespace.links.map { link($0) }
        result.addresses = trees(namespace.addresses)
        result.nexthops = trees(namespace.nexthops)
        result.routes = .init(ipv4: trees(namespace.routes.ipv4), ipv6: trees(namespace.routes.ipv6))
        result.rules = .init(
            ipv4: namespace.rules.ipv4.map { rule($0) }, ipv6: namespace.rules.ipv6.map { rule($0) })
        result.pathMTUs = trees(namespace.pathMTUs)
        result.neighbours = trees(namespace.neighbours)
        result.fdb = trees(namespace.fdb)
        // The groups that a host joins by itself hold the end of its address.
        result.mdb = trees(
            namespace.mdb.filter { $0["state"]?.string != "temp" || $0["grp"]?.string?.hasPrefix("ff02::1:ff") != true }
        )
        for index in result.nftables.indices {
            result.nftables[index].text = text(CommentRemoval.nftables(result.nftables[index].text))
        }
        for index in result.iptables.indices {
            result.iptables[index].text = text(CommentRemoval.iptables(result.iptables[index].text))
        }
        result.ipsets = namespace.ipsets.map { text(CommentRemoval.ipsets($0)) }
        result.conntrack = namespace.conntrack?.map { entry($0) }
        for index in result.sockets.indices {
            result.sockets[index].address = anonymizer.anonymize(result.sockets[index].address)
            result.sockets[index].signedPeers = result.sockets[index].signedPeers?.map { anonymizer.anonymize($0) }
            result.sockets[index].peer = result.sockets[index].peer.map { peer in
                Listener.Peer(anonymizer.anonymize(peer.address), port: peer.port)
            }
            result.sockets[index].process = nil
        }
        for index in result.connected.indices {
            result.connected[index].localAddress = anonymizer.anonymize(result.connected[index].localAddress)
            result.connected[index].remoteAddress = anonymizer.anonymize(result.connected[index].remoteAddress)
        }
        for index in result.groups.indices {
            result.groups[index].group = anonymizer.anonymize(result.groups[index].group)
        }
        for index in result.recent.indices {
            result.recent[index].address = anonymizer.anonymize(result.recent[index].address)
        }
        result.queues = trees(namespace.queues)
        result.filters = namespace.filters.map { filter($0) }
        result.policies = trees(namespace.policies)
        return result
    }

    private func name(_ name: String) -> String { names[name] ?? "another namespace" }

    private mutating func text(_ text: String) -> String { anonymizer.anonymize(text) }

    private mutating func trees(_ elements: [JSONTree]) -> [JSONTree] { elements.map { tree($0) } }

    /// Numbers of tc, some of which look like addresses: `800::800`.
    private static let numbers: Set<String> = ["fh", "handle", "parent", "key_ht", "ht", "flowid", "classid", "bkt"]

    /// Every text in it.
    private mutating func tree(_ tree: JSONTree) -> JSONTree {
        switch tree {
        case .string(let text): .string(anonymizer.anonymize(text))
        case .array(let elements): .array(elements.map { self.tree($0) })
        case .object(let members):
            .object(
                members.map { JSONTree.Member($0.key, Self.numbers.contains($0.key) ? $0.value : self.tree($0.value)) })
        default: tree
        }
    }

    private mutating func link(_ element: JSONTree) -> JSONTree {
        // An alias is a comment.
        var link = tree(element.removing(["ifalias", "peer"]))
        if let peer = element["peer"] {
            link = link.setting("peer", peer.setting("namespace", peer["namespace"]?.string.map { .string(name($0)) }))
        }
        return link
    }

    /// In rules a prefix is written apart: `"src": "10.0.0.0", "srclen": 8`.
    private mutating func rule(_ element: JSONTree) -> JSONTree {
        var rule = element
        for key in ["src", "dst"] {
            guard let address = element[key]?.string.flatMap({ IPAddress($0) }) else { continue }
            let length = element["\(key)len"]?.integer.map { Int($0) } ?? address.bitWidth
            guard let prefix = IPPrefix("\(address)/\(length)") else { continue }
            rule = rule.setting(key, .string(anonymizer.anonymize(prefix).address.description))
        }
        return rule
    }

    /// u32 compares with numbers: where the sender's or receiver's address of IPv4 stands they are addresses.
    private mutating func filter(_ element: JSONTree) -> JSONTree {
        let filter = tree(element)
        guard element["kind"]?.string == "u32", let options = filter["options"], let match = options["match"],
            let value = match["value"]?.string.flatMap({ UInt32($0, radix: 16) }),
            let mask = match["mask"]?.string.flatMap({ UInt32($0, radix: 16) }), let offset = match["off"]?.integer
        else { return filter }
        var replaced = UInt32(0)
        if element["protocol"]?.string == "ip", offset == 12 || offset == 16 {
            replaced = UInt32(truncatingIfNeeded: anonymizer.anonymize(IPAddress(ipv4: value)).low) & mask
        } else if offset >= 0, offset < 8 {
            return filter
        }
        let digits = String(replaced, radix: 16)
        let text = String(repeating: "0", count: 8 - digits.count) + digits
        return filter.setting("options", options.setting("match", match.setting("value", .string(text))))
    }

    private mutating func entry(_ entry: ConntrackEntry) -> ConntrackEntry {
        var result = entry
        result.original = tuple(entry.original)
        result.reply = tuple(entry.reply)
        return result
    }

    private mutating func tuple(_ tuple: ConntrackEntry.Tuple) -> ConntrackEntry.Tuple {
        var result = tuple
        result.source = anonymizer.anonymize(tuple.source)
        result.destination = anonymizer.anonymize(tuple.destination)
        return result
    }

    /// Of a warning that is not about a namespace nobody knows which names stand in it.
    private mutating func warning(_ warning: String) -> String {
        guard let end = warning.firstRange(of: ": "), let name = names[String(warning[..<end.lowerBound])] else {
            return "a warning about the machine was left out"
        }
        return name + ": " + anonymizer.anonymize(String(warning[end.upperBound...]))
    }
}
