internal import Glibc
internal import LinuxSystem
internal import Network

/// Reads one namespace, part by part. A part that can't be read stays empty or nil and gives a warning.
struct NamespaceReader {
    private let source: Namespace
    /// The names of the namespaces that are read.
    private let known: Set<String>
    private let file: NetworkNamespaceFile?
    private let tools: NamespaceTools
    private(set) var snapshot: NamespaceSnapshot
    private(set) var warnings: [String] = []

    /// Opens the namespace. Throws `SystemError` where it is gone or closed to the caller.
    ///
    /// - Parameters:
    ///   - isOwn: whether this process stands in it.
    ///   - known: the names of the namespaces that are read.
    init(_ source: Namespace, isOwn: Bool, known: Set<String>) throws {
        self.source = source
        self.known = known
        file = isOwn ? nil : try NetworkNamespaceFile(path: source.path)
        if let file, file.inode != source.inode {
            throw SystemError("find network namespace \(source.name)", errorNumber: ENOENT)
        }
        tools = NamespaceTools(namespace: file)
        snapshot = NamespaceSnapshot(name: source.name, inode: source.inode, path: source.path)
    }

    mutating func read() throws {
        try readNetwork()
        readBridges()
        readSysctls()
        readNetfilter()
        readIPSets()
        readConntrack()
        readTrafficControl()
        readPolicies()
        snapshot.sockets = source.listeners + source.servingConnections
        readConnectedSockets()
        snapshot.groups = source.memberships ?? []
        snapshot.recent = source.netfilter.recent ?? []
    }

    private mutating func warn(
        _ attempt: String, _ error: some Error, unread: SnapshotDifference.Part...
    ) {
        snapshot.unread.formUnion(unread)
        warnings.append("\(source.name): cannot read \(attempt): \(Self.reason(error))")
    }

    static func reason(_ error: some Error) -> String {
        (error as? SystemError)?.reason ?? "\(error)"
    }

    /// On a thread that stands in the namespace.
    private func inside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        try file?.perform(body) ?? body()
    }

    private func parts(
        _ words: [String], _ commands: [(command: String, what: String)], _ failed: inout [String]
    ) throws -> [[JSONTree]] {
        let values = try tools.batch(words, commands.map(\.command))
        return zip(values, commands).map { value, command in
            if value == nil { failed.append(command.what) }
            // `ip` prints an empty object for what it filters out.
            return (value?.elements ?? []).filter { !$0.members.isEmpty }
        }
    }

    /// A process for each family, since `ip` tells rules and routes of one only.
    private mutating func readNetwork() throws {
        var failed: [String] = []
        let commands = [
            (command: "addr show", what: "addresses"), ("route show table all", "routes"), ("rule show", "rules"),
            ("neigh show", "neighbours"), ("neigh show proxy", "proxy neighbours"),
            ("route show cache", "learned MTUs"),
        ]
        var ipv4 = try parts(
            ["ip", "-4", "-N", "-j", "-d"], [("link show", "links")] + commands.map { ($0.0, "IPv4 \($0.1)") },
            &failed)
        snapshot.links = ipv4.removeFirst().map { NamespaceSnapshot.link($0) }
        let ipv6 = try parts(["ip", "-6", "-N", "-j", "-d"], commands.map { ($0.0, "IPv6 \($0.1)") }, &failed)
        snapshot.addresses = NamespaceSnapshot.addresses(ipv4[0]) + NamespaceSnapshot.addresses(ipv6[0])
        snapshot.routes.ipv4 = ipv4[1].map { NamespaceSnapshot.route($0) }
        snapshot.routes.ipv6 = ipv6[1].map { NamespaceSnapshot.route($0) }
        snapshot.rules.ipv4 = ipv4[2].map { NamespaceSnapshot.rule($0) }
        snapshot.rules.ipv6 = ipv6[2].map { NamespaceSnapshot.rule($0) }
        snapshot.neighbours = (ipv4[3] + ipv6[3]).map { NamespaceSnapshot.neighbour($0) }
        snapshot.neighbours += (ipv4[4] + ipv6[4]).map { NamespaceSnapshot.neighbour($0, isProxy: true) }
        snapshot.pathMTUs = (ipv4[5] + ipv6[5]).compactMap(NamespaceSnapshot.pathMTU)
        if try inside({ try Presence.ofNextHops() }) {
            snapshot.nexthops = try parts(
                ["ip", "-N", "-j", "-d"], [("nexthop show", "nexthops")], &failed)[0]
        }
        for what in failed {
            warnings.append("\(source.name): cannot read the \(what)")
            snapshot.unread.formUnion(SnapshotDifference.Part.allCases.filter { what.hasSuffix($0.rawValue) })
        }
        for index in snapshot.links.indices {
            guard let name = snapshot.links[index]["ifname"]?.string, let peer = source[device: name]?.peer,
                let namespace = peer.namespace, known.contains(namespace)
            else { continue }
            snapshot.links[index] = snapshot.links[index].setting(
                "peer", JSONTree(members: ["namespace": .string(namespace), "ifname": .string(peer.device)]))
        }
    }

    private mutating func readBridges() {
        let kinds = Set(snapshot.links.compactMap { $0["linkinfo"]?["info_kind"]?.string })
        let hasBridges = kinds.contains("bridge")
        guard hasBridges || kinds.contains("vxlan") else { return }
        do {
            let values = try tools.batch(["bridge", "-j", "-d"], ["link show", "fdb show"])
            if values.contains(where: { $0 == nil }) { warnings.append("\(source.name): cannot read the bridges") }
            let ports = values[0]?.elements ?? []
            for index in snapshot.links.indices {
                guard let name = snapshot.links[index]["ifname"], snapshot.links[index]["master"] != nil,
                    let port = ports.first(where: { $0["ifname"] == name })
                else { continue }
                snapshot.links[index] = snapshot.links[index].setting("port", port)
            }
            snapshot.fdb = (values[1]?.elements ?? []).filter { !NamespaceSnapshot.isGroup($0) }
            guard hasBridges else { return }
            snapshot.mdb =
                try tools.batch(["bridge", "-j", "-d"], ["mdb show"])[0]?.elements.first?["mdb"]?.elements ?? []
            // A kernel without VLANs on bridges refuses to list them.
            let filters = snapshot.links.contains {
                $0["linkinfo"]?["info_data"]?["vlan_filtering"]?.integer == 1
            }
            if filters {
                snapshot.vlans = try tools.batch(["bridge", "-j"], ["vlan show"])[0]?.elements ?? []
            }
        } catch {
            warn("the bridges", error, unread: .fdb, .mdb, .vlans)
        }
    }

    private mutating func readSysctls() {
        let devices = snapshot.links.compactMap { $0["ifname"]?.string }
        do {
            snapshot.sysctls = try inside { SysctlReading(devices: devices).values }
        } catch {
            warn("the sysctls", error, unread: .sysctls)
        }
    }

    private mutating func readConntrack() {
        do {
            snapshot.conntrack = try inside { try ConntrackEntry.readAll() }
        } catch {
            snapshot.conntrack = nil
            warn("the conntrack entries", error)
        }
    }

    private mutating func readConnectedSockets() {
        let (use, ports) = (source.socketUse, source.settings.localPorts)
        do {
            snapshot.connected = try inside { try ConnectedSocket.readIfCrowded(use, ports) }
        } catch {
            warn("the sockets that hold local ports", error)
        }
    }

    private mutating func readNetfilter() {
        var reading = NetfilterSnapshotReading(tools: tools)
        do {
            let (tables, legacy) = try inside {
                (Result { try NetfilterTables.read() }, LegacyTables.read())
            }
            warnings += legacy.warnings.map { "\(source.name): \($0)" }
            if !legacy.warnings.isEmpty { snapshot.unread.insert(.iptables) }
            reading.readLegacy(legacy)
            try reading.read(tables.get())
        } catch {
            warn("the nftables rules", error, unread: .nftables, .iptables)
        }
        // A kernel without this part of netlink tells nothing.
        snapshot.hooks = snapshot.hooks ?? (try? inside { try HookOrder.read() })
        snapshot.nftables = reading.nftables
        snapshot.iptables = reading.iptables
        warnings += reading.warnings.map { "\(source.name): \($0)" }
        snapshot.unread.formUnion(reading.unread)
    }

    private mutating func readIPSets() {
        // To ask where the module is not there would load it: then there is none.
        guard access("/sys/module/ip_set", F_OK) == 0 else { return }
        do {
            guard try inside({ try Presence.ofIPSets() }) else { return }
            snapshot.ipsets = nil
            snapshot.ipsets = try tools.run("ipset", "save").text
        } catch {
            snapshot.ipsets = nil
            warn("the ipsets", error)
        }
    }

    private mutating func readTrafficControl() {
        defer { snapshot.programs = TrafficFilters.programs(links: snapshot.links, filters: snapshot.filters) }
        do {
            guard try inside({ try Presence.ofQueues() }) else { return }
            let queues = try tools.batch(["tc", "-j", "-d"], ["qdisc show"])[0]?.elements ?? []
            // The kernel gives its own choice the handle 0.
            snapshot.queues = queues.filter { $0["handle"]?.string != "0:" }.map { queue in
                let waiting = queue["dev"]?.string.flatMap { source[device: $0]?.queue }
                return TrafficFilters.queue(queue, waiting: waiting)
            }
            let reading = try TrafficFilters(tools: tools, queues: snapshot.queues)
            snapshot.queues += reading.classes
            snapshot.filters = reading.filters
        } catch {
            warn("the queueing disciplines", error, unread: .queues, .filters)
        }
    }

    private mutating func readPolicies() {
        do {
            guard try inside({ try Presence.ofPolicies() }) else { return }
            snapshot.policies = XFRMPolicies.split(try tools.run("ip", "-d", "xfrm", "policy").text)
        } catch {
            warn("the xfrm policies", error, unread: .policies)
        }
    }
}

extension Namespace {
    /// Connected UDP sockets whose port was not chosen by connect(2): those of clients come and go, and hold theirs alone.
    fileprivate var servingConnections: [Listener] {
        (connectedSockets ?? []).filter { settings.localPorts?.contains($0.port) != true }
    }
}
