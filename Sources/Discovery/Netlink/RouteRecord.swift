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

extension RouteScope {
    /// RT_SCOPE_*, with the names of iproute2's rt_scopes.
    init(code: UInt8) {
        switch code {
        case UInt8(RT_SCOPE_UNIVERSE.rawValue): self = .global
        case UInt8(RT_SCOPE_SITE.rawValue): self = .site
        case UInt8(RT_SCOPE_LINK.rawValue): self = .link
        case UInt8(RT_SCOPE_HOST.rawValue): self = .host
        case UInt8(RT_SCOPE_NOWHERE.rawValue): self = .nowhere
        default: self.init(rawValue: "\(code)")
        }
    }
}

extension Route {
    /// From an RTM_NEWROUTE (rtnetlink(7)); nil for one of another family, or cached by the kernel itself.
    init?(_ message: NetlinkMessage, names: DeviceNames) {
        let header = message.payload
        guard Int32(message.type) == Int32(RTM_NEWROUTE), header.count >= MemoryLayout<rtmsg>.size,
            let family = header.byte(at: 0), let length = header.byte(at: 1), let tos = header.byte(at: 3),
            let table = header.byte(at: 4), let origin = header.byte(at: 5), let scope = header.byte(at: 6),
            let kind = header.byte(at: 7), let flags = header.hostUInt32(at: 8),
            let zero = IPAddress.unspecified(family), flags & UInt32(RTM_F_CLONED) == 0,
            let everything = IPPrefix(zero, length: Int(length))
        else { return nil }
        self.init(
            destination: everything, kind: RouteKind(code: kind), table: RoutingTable(rawValue: UInt32(table)),
            origin: Self.originName(origin))
        if tos != 0 { self.tos = tos }
        if zero.isIPv4 { self.scope = RouteScope(code: scope) }
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
            case RTA_METRICS.rawValue: readMetrics(NetlinkAttributes(value))
            case RTA_NH_ID.rawValue: nextHopIdentifier = value.hostUInt32()
            case RTA_MULTIPATH.rawValue:
                nextHops = Self.nextHops(value, names: names)
                // The header's flags are then those of the first next hop.
                flagNames = []
            default: break
            }
        }
        if !flagNames.isEmpty { self.flags = flagNames }
    }

    /// RTAX_*, with ip-route(8)'s names.
    private static let metricNames: [Int: String] = [
        Int(RTAX_WINDOW): "window", Int(RTAX_RTT): "rtt", Int(RTAX_RTTVAR): "rttvar",
        Int(RTAX_SSTHRESH): "ssthresh", Int(RTAX_CWND): "cwnd", Int(RTAX_ADVMSS): "advmss",
        Int(RTAX_REORDERING): "reordering", Int(RTAX_HOPLIMIT): "hoplimit", Int(RTAX_INITCWND): "initcwnd",
        Int(RTAX_FEATURES): "features", Int(RTAX_RTO_MIN): "rto_min", Int(RTAX_INITRWND): "initrwnd",
        Int(RTAX_QUICKACK): "quickack", Int(RTAX_FASTOPEN_NO_COOKIE): "fastopen_no_cookie",
    ]

    private mutating func readMetrics(_ attributes: NetlinkAttributes) {
        for (type, value) in attributes {
            guard let number = value.hostUInt32() else { continue }
            if type == Int(RTAX_MTU) {
                mtu = number
            } else if type == Int(RTAX_LOCK) {
                let locked = (Self.metricNames.merging([Int(RTAX_MTU): "mtu"]) { first, _ in first })
                    .filter { number & 1 << UInt32($0.key) != 0 }.map(\.value).sorted()
                if !locked.isEmpty { lockedMetrics = locked }
            } else if let name = Self.metricNames[type] {
                metrics = (metrics ?? [:]).merging([name: number]) { _, last in last }
            }
        }
    }

    private static func nextHops(_ bytes: ArraySlice<UInt8>, names: DeviceNames) -> [NextHop] {
        var hops: [NextHop] = []
        var rest = bytes
        // struct rtnexthop: length, flags, weight less one, interface; then attributes.
        while let length = rest.hostUInt16(at: 0), length >= 8, Int(length) <= rest.count,
            let flags = rest.byte(at: 2), let weight = rest.byte(at: 3), let index = rest.hostUInt32(at: 4)
        {
            var hop = NextHop(
                gateway: nil, device: index == 0 ? nil : names[index] ?? "if\(index)", weight: Int(weight) + 1)
            let flagNames = flagNames(UInt32(flags))
            if !flagNames.isEmpty { hop.flags = flagNames }
            for (type, value) in NetlinkAttributes(rest.prefix(Int(length)).dropFirst(8)) {
                if UInt32(type) == RTA_GATEWAY.rawValue { hop.gateway = IPAddress(bytes: value) }
                if UInt32(type) == RTA_VIA.rawValue { hop.gateway = IPAddress(bytes: value.dropFirst(2)) }
            }
            hops.append(hop)
            rest = rest.dropFirst((Int(length) + 3) & ~3)
        }
        return hops
    }

    static func flagNames(_ flags: UInt32) -> [RouteFlag] {
        var names: [RouteFlag] = []
        if flags & UInt32(RTNH_F_ONLINK) != 0 { names.append(.onLink) }
        if flags & UInt32(RTNH_F_LINKDOWN) != 0 { names.append(.linkDown) }
        if flags & UInt32(RTNH_F_DEAD) != 0 { names.append(.dead) }
        return names
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
