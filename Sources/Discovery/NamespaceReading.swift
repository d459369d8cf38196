internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Wire

/// What one namespace says of itself: everything but the netfilter rules and what lies in other namespaces.
struct NamespaceReading: Sendable {
    /// An end of a device that lies elsewhere: IFLA_LINK, IFLA_LINK_NETNSID.
    struct FarEnd: Sendable, Hashable {
        var device: Int
        var index: UInt32
        /// Nil for the same namespace.
        var netnsid: Int32?
    }

    var links: [Link] = []
    var farEnds: [FarEnd] = []
    var routes: [Route] = []
    var rules: [RoutingRule] = []
    var neighbors: [Neighbor] = []
    var proxyNeighbors: [ProxyNeighbor] = []
    /// Nil where no route refers to one.
    var nextHopObjects: [NextHopObject]?
    /// Settings that netlink told: `net.ipv4.conf.DEVICE.…`, `net.ipv4.ip_forward`.
    var deviceSettings: [String: String] = [:]
    /// Nil where they could not be read.
    var memberships: [GroupMembership]?
}

extension NamespaceReading {
    /// Asks the kernel over `channel`. Throws `SystemError` or `MalformedNetlink`.
    init(over channel: any NetlinkChannel) throws {
        var conversation = NetlinkConversation(channel)
        let records = try conversation.links()
        let names = DeviceNames(records.map { ($0.link.index, $0.link.name) }, uniquingKeysWith: { first, _ in first })
        let positions = [UInt32: Int](
            records.enumerated().map { ($1.link.index, $0) }, uniquingKeysWith: { first, _ in first })
        links = records.map { record in
            var link = record.link
            link.master = record.masterIndex.flatMap { names[$0] }
            let underlay = record.underlayIndex.flatMap { names[$0] }
            link.vxlan?.device = underlay
            link.tunnel?.device = underlay
            link.bond?.activePort = record.activePortIndex.flatMap { names[$0] }
            return link
        }
        for (position, record) in records.enumerated() {
            guard let index = record.lowerIndex else { continue }
            farEnds.append(FarEnd(device: position, index: index, netnsid: record.lowerNetnsid))
        }
        for record in try conversation.addresses() {
            guard let position = positions[record.index] else { continue }
            if record.isDuplicate {
                links[position].duplicateAddresses = (links[position].duplicateAddresses ?? []) + [record.prefix]
            } else {
                links[position].addresses.append(record.prefix)
                var detail = record.detail
                if detail.label == links[position].name { detail.label = nil }
                if !detail.isOrdinary {
                    links[position].addressDetails = (links[position].addressDetails ?? []) + [detail]
                }
            }
        }
        for record in records { deviceSettings.merge(DeviceSettings.all(record)) { first, _ in first } }
        for scope in NetworkSettingsScope.allCases {
            deviceSettings.merge(try conversation.networkSettings(scope, isIPv4: true)) { first, _ in first }
            deviceSettings.merge(try conversation.networkSettings(scope, isIPv4: false)) { first, _ in first }
        }
        routes = try conversation.routes(names: names)
        rules = try conversation.rules()
        if routes.contains(where: { $0.nextHopIdentifier != nil }) {
            nextHopObjects = try conversation.nextHopObjects(names: names)
        }
        neighbors = try conversation.neighbors(AF_UNSPEC).compactMap { $0.neighbor(names: names) }
        proxyNeighbors = try conversation.neighbors(AF_UNSPEC, flags: NTF_PROXY).compactMap { $0.proxy(names: names) }
        try readSwitching(&conversation, names: names, positions: positions)
        try readPrograms(&conversation, names: names, positions: positions)
    }

    /// Who takes multicast. The file of IPv4 is that of the calling thread's namespace.
    mutating func readMemberships(over channel: any NetlinkChannel) {
        var conversation = NetlinkConversation(channel)
        let names = DeviceNames(links.map { ($0.index, $0.name) }, uniquingKeysWith: { first, _ in first })
        let ipv6 = (try? conversation.memberships(isIPv4: false, names: names)) ?? []
        if let ipv4 = try? conversation.memberships(isIPv4: true, names: names) {
            memberships = ipv4 + ipv6
        } else if let text = readText("/proc/thread-self/net/igmp") {
            memberships = GroupMembership.read(igmp: text) + ipv6
        }
    }

    private mutating func readSwitching(
        _ conversation: inout NetlinkConversation, names: DeviceNames, positions: [UInt32: Int]
    ) throws {
        let hasBridges = links.contains { $0.bridge != nil }
        guard hasBridges || links.contains(where: { $0.vxlan != nil }) else { return }
        for record in try conversation.neighbors(AF_BRIDGE) {
            guard let mac = record.mac, let position = positions[record.index] else { continue }
            var entry = FDBEntry(
                mac: mac, vlan: record.vlan, destination: record.destination,
                permanent: record.state & NUD_PERMANENT != 0)
            if let bridge = record.masterIndex.flatMap({ positions[$0] }), links[bridge].bridge != nil {
                entry.device = names[record.index]
                links[bridge].bridge?.fdb.append(entry)
            } else if record.flags & Int32(NTF_SELF) != 0, links[position].vxlan != nil {
                links[position].vxlan?.fdb.append(entry)
            }
        }
        guard hasBridges else { return }
        if links.contains(where: { $0.bridge?.multicastSnooping == true }) {
            for record in try conversation.multicast(names: names) {
                guard let position = positions[record.index], links[position].bridge?.multicastSnooping == true else {
                    continue
                }
                links[position].bridge?.mdb = record.entries
                links[position].bridge?.multicastRouters = record.routers
            }
        }
        for record in try conversation.portVLANs() {
            guard let position = positions[record.index], !record.vlans.isEmpty else { continue }
            links[position].bridgePort?.pvid = record.pvid
            links[position].bridgePort?.vlans = record.vlans
            links[position].bridgePort?.untaggedVLANs = record.untagged
            links[position].bridge?.pvid = record.pvid
            links[position].bridge?.vlans = record.vlans
        }
    }

    private mutating func readPrograms(
        _ conversation: inout NetlinkConversation, names: DeviceNames, positions: [UInt32: Int]
    ) throws {
        for discipline in try conversation.queueingDisciplines() {
            guard let position = positions[discipline.index] else { continue }
            if let queue = discipline.queue { links[position].queue = queue }
            if let other = discipline.discipline {
                links[position].disciplines = (links[position].disciplines ?? []) + [other]
            }
            let sides: [(String, UInt32)] =
                switch discipline.kind {
                case "clsact":
                    [
                        ("ingress", UInt32(TC_H_CLSACT & TC_H_MAJ_MASK | TC_H_MIN_INGRESS)),
                        ("egress", UInt32(TC_H_CLSACT & TC_H_MAJ_MASK | TC_H_MIN_EGRESS)),
                    ]
                case "ingress": [("ingress", UInt32(TC_H_MAJ_MASK))]
                default: []
                }
            for (side, parent) in sides {
                var seen: Set<String> = []
                for filter in try conversation.filters(index: discipline.index, parent: parent) {
                    var name = "tc \(side) \(filter.program ?? filter.kind)"
                    switch filter.action {
                    case .redirect(let index): name += " (redirects to \(names[index] ?? "interface \(index)"))"
                    case .drop: name += " (drops)"
                    case nil: break
                    }
                    // A filter comes once for its chain and once for each of its parts.
                    if seen.insert(name).inserted { links[position].programs.append(name) }
                }
                // The parts without what they do say nothing more.
                links[position].programs.removeAll { name in seen.contains { $0.hasPrefix("\(name) (") } }
            }
        }
    }
}

extension NetlinkConversation {
    mutating func links() throws -> [LinkRecord] {
        var request = NetlinkRequest(type: RTM_GETLINK, structure: ifinfomsg())
        request.append(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_SKIP_STATS))
        return try dump(request, "read the links") { LinkRecord($0) }
    }

    mutating func addresses() throws -> [AddressRecord] {
        try dump(NetlinkRequest(type: RTM_GETADDR, structure: ifaddrmsg()), "read the addresses") { AddressRecord($0) }
    }

    mutating func routes(names: DeviceNames) throws -> [Route] {
        try dump(NetlinkRequest(type: RTM_GETROUTE, structure: rtmsg()), "read the routes") {
            Route($0, names: names)
        }
    }

    mutating func rules() throws -> [RoutingRule] {
        try dump(NetlinkRequest(type: RTM_GETRULE, structure: fib_rule_hdr()), "read the routing rules") {
            RoutingRule($0)
        }
    }

    /// - Parameter flags: NTF_PROXY for the addresses that are answered for instead of the neighbours.
    mutating func neighbors(_ family: Int32, flags: Int32 = 0) throws -> [NeighborRecord] {
        var header = ndmsg()
        header.ndm_family = UInt8(family)
        header.ndm_flags = UInt8(flags)
        // The bridge's dump wants the longer header (rtnl_fdb_dump).
        var fixed = withUnsafeBytes(of: header) { [UInt8]($0) }
        if family == AF_BRIDGE {
            var link = ifinfomsg()
            link.ifi_family = UInt8(family)
            fixed = withUnsafeBytes(of: link) { [UInt8]($0) }
        }
        return try dump(NetlinkRequest(type: RTM_GETNEIGH, fixed: fixed), "read the neighbours") { NeighborRecord($0) }
    }

    mutating func portVLANs() throws -> [PortVLANs] {
        var header = ifinfomsg()
        header.ifi_family = UInt8(AF_BRIDGE)
        var request = NetlinkRequest(type: RTM_GETLINK, structure: header)
        request.append(IFLA_EXT_MASK, UInt32(RTEXT_FILTER_BRVLAN))
        return try dump(request, "read the VLANs of the bridges") { PortVLANs($0) }
    }

    mutating func queueingDisciplines() throws -> [TrafficControlRecord] {
        try dump(NetlinkRequest(type: RTM_GETQDISC, structure: tcmsg()), "read the queueing disciplines") {
            TrafficControlRecord($0)
        }
    }

    mutating func filters(index: UInt32, parent: UInt32) throws -> [TrafficControlRecord] {
        var header = tcmsg()
        header.tcm_ifindex = Int32(bitPattern: index)
        header.tcm_parent = parent
        return try dump(NetlinkRequest(type: RTM_GETTFILTER, structure: header), "read the traffic filters") {
            TrafficControlRecord($0)
        }
    }

    /// How this namespace numbers the one that `descriptor` opens; nil where it has no number for it.
    mutating func namespaceIdentifier(of descriptor: Int32) throws -> Int32? {
        // struct rtgenmsg, padded.
        var request = NetlinkRequest(type: RTM_GETNSID, fixed: [0, 0, 0, 0])
        request.append(NETNSA_FD, UInt32(bitPattern: descriptor))
        let answer = try ask(request, "read a namespace's number")
        return answer?.attributes(after: 4)[Int(NETNSA_NSID)]?.hostInt32().flatMap { $0 < 0 ? nil : $0 }
    }
}
