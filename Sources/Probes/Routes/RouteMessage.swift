internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Netlink
internal import Network
internal import Observations
internal import Wire

/// `struct rtmsg` and its attributes (linux/rtnetlink.h).
struct RouteMessage {
    var kind: RouteKind
    var table: RoutingTable
    var family: UInt8
    var destination: IPPrefix?
    var gateway: IPAddress?
    var outDeviceIndex: UInt32?
    var preferredSource: IPAddress?
    var metric: UInt32
    var origin: UInt8
    var scope: UInt8
    /// Next hops of a multipath route: gateway, device, weight.
    var nextHops: [(gateway: IPAddress?, deviceIndex: UInt32, weight: Int)] = []
    /// Of a route exception, which expires: what an ICMP error told of the path.
    var pathMTU: UInt32?

    /// Nil unless it is an RTM_NEWROUTE.
    init?(_ message: NetlinkMessage) {
        let header = message.payload
        guard message.type == UInt16(RTM_NEWROUTE), header.count >= MemoryLayout<rtmsg>.size,
            let family = header.byte(at: 0), let prefixLength = header.byte(at: 1), let table = header.byte(at: 4),
            let origin = header.byte(at: 5), let scope = header.byte(at: 6), let kind = header.byte(at: 7)
        else { return nil }
        let attributes = message.attributes(after: MemoryLayout<rtmsg>.size)
        func address(_ type: rtattr_type_t) -> IPAddress? {
            attributes[Int(type.rawValue)].flatMap { IPAddress(bytes: $0) }
        }
        func number(_ type: rtattr_type_t) -> UInt32? { attributes[Int(type.rawValue)]?.hostUInt32() }
        self.family = family
        self.kind = RouteKind(code: kind)
        self.table = RoutingTable(rawValue: number(RTA_TABLE) ?? UInt32(table))
        self.origin = origin
        self.scope = scope
        let unspecified = IPAddress(bytes: [UInt8](repeating: 0, count: family == UInt8(AF_INET) ? 4 : 16))
        destination = (address(RTA_DST) ?? unspecified).flatMap { IPPrefix($0, length: Int(prefixLength)) }
        gateway = Self.gateway(attributes)
        outDeviceIndex = number(RTA_OIF)
        preferredSource = address(RTA_PREFSRC)
        metric = number(RTA_PRIORITY) ?? 0
        // rta_expires of struct rta_cacheinfo.
        let expires = attributes[Int(RTA_CACHEINFO.rawValue)]?.hostUInt32(at: 8) ?? 0
        let flags = header.hostUInt32(at: 8) ?? 0
        if expires != 0, flags & UInt32(RTM_F_CLONED) != 0 {
            let metrics = attributes[Int(RTA_METRICS.rawValue)].map { NetlinkAttributes($0) }
            pathMTU = metrics?[Int(RTAX_MTU)]?.hostUInt32()
        }
        var hops = attributes[Int(RTA_MULTIPATH.rawValue)] ?? []
        // struct rtnexthop: length, flags, weight less one, device.
        while let length = hops.hostUInt16(at: 0).map({ Int($0) }), length >= 8, length <= hops.count,
            let weight = hops.byte(at: 3), let device = hops.hostUInt32(at: 4)
        {
            let gateway = Self.gateway(NetlinkAttributes(hops.prefix(length).dropFirst(8)))
            nextHops.append((gateway, device, Int(weight) + 1))
            hops = hops.dropFirst((length + 3) & ~3)
        }
    }

    /// RTA_GATEWAY, or RTA_VIA: a next hop of the other family behind two bytes that name it.
    private static func gateway(_ attributes: NetlinkAttributes) -> IPAddress? {
        attributes[Int(RTA_GATEWAY.rawValue)].flatMap { IPAddress(bytes: $0) }
            ?? attributes[Int(RTA_VIA.rawValue)].flatMap { IPAddress(bytes: $0.dropFirst(2)) }
    }

    /// The question for a packet of `tuple`.
    ///
    /// - Parameter wantsMatch: ask for the table's entry (RTM_F_FIB_MATCH) instead of the route made from it.
    static func request(
        _ tuple: FlowTuple, inDeviceIndex: UInt32, mark: UInt32, user: UInt32? = nil, wantsMatch: Bool
    ) -> NetlinkRequest {
        let isIPv4 = tuple.destination.isIPv4
        let bits: UInt8 = isIPv4 ? 32 : 128
        var header = rtmsg()
        header.rtm_family = UInt8(isIPv4 ? AF_INET : AF_INET6)
        header.rtm_dst_len = bits
        header.rtm_src_len = tuple.source.isUnspecified ? 0 : bits
        header.rtm_flags = UInt32(RTM_F_LOOKUP_TABLE) | (wantsMatch ? UInt32(RTM_F_FIB_MATCH) : 0)
        var request = NetlinkRequest(type: RTM_GETROUTE, structure: header)
        request.append(RTA_DST.rawValue, bytes: tuple.destination.bytes)
        if !tuple.source.isUnspecified { request.append(RTA_SRC.rawValue, bytes: tuple.source.bytes) }
        if inDeviceIndex != 0 { request.append(RTA_IIF.rawValue, inDeviceIndex) }
        if mark != 0 { request.append(RTA_MARK.rawValue, mark) }
        if let user { request.append(RTA_UID.rawValue, user) }
        // The kernel takes only these (rtm_getroute_parse_ip_proto), and refuses a protocol of the other family.
        let isIdentified =
            tuple.ipProtocol == .tcp || tuple.ipProtocol == .udp || tuple.ipProtocol == (isIPv4 ? .icmp : .icmpv6)
        if isIdentified { request.append(RTA_IP_PROTO.rawValue, tuple.ipProtocol.rawValue) }
        if tuple.ipProtocol == .tcp || tuple.ipProtocol == .udp {
            request.append(RTA_SPORT.rawValue, network: tuple.sourcePort)
            request.append(RTA_DPORT.rawValue, network: tuple.destinationPort)
        }
        return request
    }

    /// As ip-route(8) writes it.
    func text(deviceName: (UInt32) -> String?) -> String {
        var words: [String] = []
        if kind != .unicast { words.append(kind.rawValue) }
        if let destination {
            words.append(
                destination.length == 0
                    ? "default"
                    : destination.length == destination.address.bitWidth
                        ? "\(destination.address)" : "\(destination)")
        }
        if let gateway { words += ["via", gatewayText(gateway)] }
        if let outDeviceIndex { words += ["dev", deviceName(outDeviceIndex) ?? "if\(outDeviceIndex)"] }
        if table != .main, table != .unspecified { words += ["table", "\(table)"] }
        if let name = Self.origins[origin] { words += ["proto", name] }
        if family == UInt8(AF_INET), let name = Self.scopes[scope] { words += ["scope", name] }
        if let preferredSource { words += ["src", "\(preferredSource)"] }
        if metric != 0 { words += ["metric", "\(metric)"] }
        for hop in nextHops {
            words.append("nexthop")
            if let gateway = hop.gateway { words += ["via", gatewayText(gateway)] }
            words += ["dev", deviceName(hop.deviceIndex) ?? "if\(hop.deviceIndex)", "weight", "\(hop.weight)"]
        }
        return words.joined(separator: " ")
    }

    private func gatewayText(_ gateway: IPAddress) -> String {
        gateway.isIPv4 == (family == UInt8(AF_INET)) ? "\(gateway)" : "inet6 \(gateway)"
    }

    /// `boot` is not written, as ip-route(8) does not.
    private static let origins: [UInt8: String] = [
        1: "redirect", 2: "kernel", 4: "static", 9: "ra", 16: "dhcp", 11: "zebra", 12: "bird", 186: "bgp", 188: "ospf",
    ]
    private static let scopes: [UInt8: String] = [253: "link", 254: "host", 200: "site"]
}

/// `struct ifinfomsg`: a link's index, name and whether it is up.
struct LinkMessage {
    var index: UInt32
    var name: String
    var isUp: Bool
    var isLoopback: Bool
    var isBridge: Bool
    /// RTM_DELLINK.
    var isRemoval: Bool

    init?(_ message: NetlinkMessage) {
        isRemoval = message.type == UInt16(RTM_DELLINK)
        let header = message.payload
        let attributes = message.attributes(after: MemoryLayout<ifinfomsg>.size)
        // A bridge reports its ports in messages of its own family, which say nothing new of the link itself.
        guard isRemoval || message.type == UInt16(RTM_NEWLINK), header.byte(at: 0) == UInt8(AF_UNSPEC),
            let index = header.hostUInt32(at: 4), let flags = header.hostUInt32(at: 8),
            let name = attributes[Int(IFLA_IFNAME)]
        else { return nil }
        self.name = name.text
        self.index = index
        isUp = flags & UInt32(IFF_UP) != 0
        isLoopback = flags & UInt32(IFF_LOOPBACK) != 0
        isBridge = attributes.nested(Int(IFLA_LINKINFO))?[Int(IFLA_INFO_KIND)]?.text == "bridge"
    }

    static func request(index: UInt32) -> NetlinkRequest {
        var header = ifinfomsg()
        header.ifi_index = Int32(bitPattern: index)
        return NetlinkRequest(type: RTM_GETLINK, structure: header)
    }

    static func request(name: String) -> NetlinkRequest {
        var request = request(index: 0)
        request.append(IFLA_IFNAME, bytes: Array(name.utf8.prefix(15)) + [0])
        return request
    }
}
