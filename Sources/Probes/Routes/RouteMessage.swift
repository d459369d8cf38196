internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Wire

/// `struct rtmsg` and its attributes (linux/rtnetlink.h).
struct RouteMessage {
    var kind: String
    var table: UInt32
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

    /// Nil unless it is an RTM_NEWROUTE.
    init?(_ message: NetlinkMessage) {
        guard message.type == UInt16(RTM_NEWROUTE), message.payload.count >= 12 else { return nil }
        let header = message.payload
        let attributes = NetlinkAttributes(header.dropFirst(12))
        family = header.byte(at: 0)
        kind = Self.kinds[header.byte(at: 7)] ?? "type \(header.byte(at: 7))"
        table = attributes[Int(RTA_TABLE.rawValue)]?.hostUInt32(at: 0) ?? UInt32(header.byte(at: 4))
        origin = header.byte(at: 5)
        scope = header.byte(at: 6)
        let unspecified = IPAddress(bytes: [UInt8](repeating: 0, count: family == UInt8(AF_INET) ? 4 : 16))
        let address = attributes[Int(RTA_DST.rawValue)].flatMap { IPAddress(bytes: $0) } ?? unspecified
        destination = address.flatMap { IPPrefix($0, length: Int(header.byte(at: 1))) }
        gateway = Self.gateway(attributes)
        outDeviceIndex = attributes[Int(RTA_OIF.rawValue)]?.hostUInt32(at: 0)
        preferredSource = attributes[Int(RTA_PREFSRC.rawValue)].flatMap { IPAddress(bytes: $0) }
        metric = attributes[Int(RTA_PRIORITY.rawValue)]?.hostUInt32(at: 0) ?? 0
        var hops = attributes[Int(RTA_MULTIPATH.rawValue)] ?? []
        // struct rtnexthop: length, flags, weight less one, device.
        while hops.count >= 8 {
            let length = Int(hops.hostUInt16(at: 0))
            guard length >= 8, length <= hops.count else { break }
            nextHops.append(
                (
                    Self.gateway(NetlinkAttributes(hops.prefix(length).dropFirst(8))), hops.hostUInt32(at: 4),
                    Int(hops.byte(at: 3)) + 1
                ))
            hops = hops.dropFirst((length + 3) & ~3)
        }
    }

    /// RTA_GATEWAY, or RTA_VIA: a next hop of the other family behind two bytes that name it.
    private static func gateway(_ attributes: NetlinkAttributes) -> IPAddress? {
        attributes[Int(RTA_GATEWAY.rawValue)].flatMap { IPAddress(bytes: $0) }
            ?? attributes[Int(RTA_VIA.rawValue)].flatMap { IPAddress(bytes: $0.dropFirst(2)) }
    }

    private static let kinds: [UInt8: String] = [
        0: "unspec", 1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast", 6: "blackhole",
        7: "unreachable", 8: "prohibit", 9: "throw", 10: "nat",
    ]

    /// The question for a packet of `tuple`.
    ///
    /// - Parameter wantsMatch: ask for the table's entry (RTM_F_FIB_MATCH) instead of the route made from it.
    static func request(_ tuple: FlowTuple, inDeviceIndex: UInt32, mark: UInt32, wantsMatch: Bool) -> NetlinkRequest {
        let isIPv4 = tuple.destination.isIPv4
        let bits: UInt8 = isIPv4 ? 32 : 128
        let flags = UInt32(RTM_F_LOOKUP_TABLE) | (wantsMatch ? UInt32(RTM_F_FIB_MATCH) : 0)
        var request = NetlinkRequest(
            type: UInt16(RTM_GETROUTE), flags: UInt16(NLM_F_REQUEST), sequence: 0,
            payload: [UInt8(isIPv4 ? AF_INET : AF_INET6), bits, tuple.source.isUnspecified ? 0 : bits, 0, 0, 0, 0, 0]
                + withUnsafeBytes(of: flags) { Array($0) })
        request.attribute(Int(RTA_DST.rawValue), tuple.destination.bytes)
        if !tuple.source.isUnspecified { request.attribute(Int(RTA_SRC.rawValue), tuple.source.bytes) }
        if inDeviceIndex != 0 { request.attribute(Int(RTA_IIF.rawValue), host: inDeviceIndex) }
        if mark != 0 { request.attribute(Int(RTA_MARK.rawValue), host: mark) }
        // The kernel takes only these (rtm_getroute_parse_ip_proto), and refuses a protocol of the other family.
        let isIdentified =
            tuple.ipProtocol == .tcp || tuple.ipProtocol == .udp || tuple.ipProtocol == (isIPv4 ? .icmp : .icmpv6)
        if isIdentified { request.attribute(Int(RTA_IP_PROTO.rawValue), [tuple.ipProtocol.rawValue]) }
        if tuple.ipProtocol == .tcp || tuple.ipProtocol == .udp {
            request.attribute(Int(RTA_SPORT.rawValue), [UInt8(tuple.sourcePort >> 8), UInt8(tuple.sourcePort & 255)])
            request.attribute(
                Int(RTA_DPORT.rawValue), [UInt8(tuple.destinationPort >> 8), UInt8(tuple.destinationPort & 255)])
        }
        return request
    }

    /// As ip-route(8) writes it.
    func text(deviceName: (UInt32) -> String?) -> String {
        var words: [String] = []
        if kind != "unicast" { words.append(kind) }
        if let destination {
            words.append(
                destination.length == 0
                    ? "default"
                    : destination.length == destination.address.bitWidth
                        ? "\(destination.address)" : "\(destination)")
        }
        if let gateway { words += ["via", gatewayText(gateway)] }
        if let outDeviceIndex { words += ["dev", deviceName(outDeviceIndex) ?? "if\(outDeviceIndex)"] }
        if table != 254, table != 0 { words += ["table", Self.tables[table] ?? "\(table)"] }
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
    private static let tables: [UInt32: String] = [253: "default", 255: "local"]
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
        guard isRemoval || message.type == UInt16(RTM_NEWLINK), message.payload.count >= 16 else { return nil }
        let header = message.payload
        // A bridge tells of its ports in messages of its own family, which are no news of the link itself.
        guard header.byte(at: 0) == UInt8(AF_UNSPEC) else { return nil }
        let attributes = NetlinkAttributes(header.dropFirst(16))
        guard let name = attributes[Int(IFLA_IFNAME)] else { return nil }
        self.name = String(kernelName: name.prefix { $0 != 0 })
        index = header.hostUInt32(at: 4)
        isUp = header.hostUInt32(at: 8) & UInt32(IFF_UP) != 0
        isLoopback = header.hostUInt32(at: 8) & UInt32(IFF_LOOPBACK) != 0
        let kind = attributes.nested(Int(IFLA_LINKINFO))?[Int(IFLA_INFO_KIND)]
        isBridge = kind.map { $0.prefix { $0 != 0 }.elementsEqual("bridge".utf8) } ?? false
    }

    static func request(index: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: UInt16(RTM_GETLINK), flags: UInt16(NLM_F_REQUEST), sequence: 0,
            payload: [0, 0, 0, 0] + withUnsafeBytes(of: index) { Array($0) } + [UInt8](repeating: 0, count: 8))
    }

    static func request(name: String) -> NetlinkRequest {
        var request = request(index: 0)
        request.attribute(Int(IFLA_IFNAME), Array(name.utf8.prefix(15)) + [0])
        return request
    }
}
