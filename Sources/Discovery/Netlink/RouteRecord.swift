internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

/// Names devices by index, within one namespace.
typealias DeviceNames = [UInt32: String]

extension IPAddress {
    static func unspecified(_ family: UInt8) -> IPAddress? {
        switch Int32(family) {
        case AF_INET: IPAddress(ipv4: 0)
        case AF_INET6: IPAddress(high: 0, low: 0)
        default: nil
        }
    }
}

extension Route {
    /// From an RTM_NEWROUTE (rtnetlink(7)); nil for one of another family, or cached by the kernel itself.
    init?(_ message: NetlinkMessage, names: DeviceNames) {
        let header = message.payload
        guard Int32(message.type) == Int32(RTM_NEWROUTE), header.count >= MemoryLayout<rtmsg>.size,
            let family = header.byte(at: 0), let length = header.byte(at: 1), let table = header.byte(at: 4),
            let origin = header.byte(at: 5), let kind = header.byte(at: 7), let flags = header.hostUInt32(at: 8),
            let zero = IPAddress.unspecified(family), flags & UInt32(RTM_F_CLONED) == 0,
            let everything = IPPrefix(zero, length: Int(length))
        else { return nil }
        self.init(
            destination: everything, kind: Self.kindName(kind), table: RoutingTable(rawValue: UInt32(table)),
            origin: Self.originName(origin))
        var flagNames = Self.flagNames(flags)
        for (type, value) in message.attributes(after: MemoryLayout<rtmsg>.size) {
            switch UInt32(type) {
            case RTA_DST.rawValue:
                guard let address = IPAddress(bytes: value), let prefix = IPPrefix(address, length: Int(length)) else {
                    return nil
                }
                destination = prefix
            case RTA_TABLE.rawValue: self.table = value.hostUInt32().map(RoutingTable.init(rawValue:)) ?? self.table
            case RTA_GATEWAY.rawValue: gateway = IPAddress(bytes: value)
            case RTA_VIA.rawValue: gateway = IPAddress(bytes: value.dropFirst(2))
            case RTA_OIF.rawValue: device = value.hostUInt32().map { names[$0] ?? "if\($0)" }
            case RTA_PREFSRC.rawValue: preferredSource = IPAddress(bytes: value)
            case RTA_PRIORITY.rawValue: metric = value.hostUInt32() ?? 0
            case RTA_METRICS.rawValue:
                for case (Int(RTAX_MTU), let metric) in NetlinkAttributes(value) { mtu = metric.hostUInt32() }
            case RTA_MULTIPATH.rawValue:
                nextHops = Self.nextHops(value, names: names)
                // The header's flags are then those of the first next hop.
                flagNames = []
            default: break
            }
        }
        if !flagNames.isEmpty { self.flags = flagNames }
    }

    private static func nextHops(_ bytes: ArraySlice<UInt8>, names: DeviceNames) -> [NextHop] {
        var hops: [NextHop] = []
        var rest = bytes
        // struct rtnexthop: length, flags, weight less one, interface; then attributes.
        while let length = rest.hostUInt16(at: 0), length >= 8, Int(length) <= rest.count,
            let weight = rest.byte(at: 3), let index = rest.hostUInt32(at: 4)
        {
            var hop = NextHop(
                gateway: nil, device: index == 0 ? nil : names[index] ?? "if\(index)", weight: Int(weight) + 1)
            for (type, value) in NetlinkAttributes(rest.prefix(Int(length)).dropFirst(8)) {
                if UInt32(type) == RTA_GATEWAY.rawValue { hop.gateway = IPAddress(bytes: value) }
                if UInt32(type) == RTA_VIA.rawValue { hop.gateway = IPAddress(bytes: value.dropFirst(2)) }
            }
            hops.append(hop)
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return hops
    }

    private static func flagNames(_ flags: UInt32) -> [RouteFlag] {
        var names: [RouteFlag] = []
        if flags & UInt32(RTNH_F_ONLINK) != 0 { names.append(.onLink) }
        if flags & UInt32(RTNH_F_LINKDOWN) != 0 { names.append(.linkDown) }
        if flags & UInt32(RTNH_F_DEAD) != 0 { names.append(.dead) }
        return names
    }

    static func kindName(_ code: UInt8) -> RouteKind {
        let names: [RouteKind] = [
            "unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable", "prohibit",
            "throw", "nat", "xresolve",
        ]
        return Int(code) < names.count ? names[Int(code)] : RouteKind(rawValue: "\(code)")
    }

    /// RTPROT_*, with the names of iproute2's rt_protos.
    static func originName(_ code: UInt8) -> RouteOrigin {
        let names: [UInt8: RouteOrigin] = [
            0: "unspec", 1: "redirect", 2: "kernel", 3: "boot", 4: "static", 8: "gated", 9: "ra", 11: "zebra",
            12: "bird", 16: "dhcp", 18: "keepalived", 42: "babel", 186: "bgp", 187: "isis", 188: "ospf", 189: "rip",
            192: "eigrp",
        ]
        return names[code] ?? RouteOrigin(rawValue: "\(code)")
    }
}
