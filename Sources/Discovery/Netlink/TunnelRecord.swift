internal import Netlink
internal import Network
internal import CNetlink
internal import Wire

extension Link.Tunnel {
    /// From IFLA_INFO_DATA of a GRE device (`ipgre_fill_info`, `ip6gre_fill_info`).
    init(gre attributes: NetlinkAttributes, underlay: inout UInt32?) {
        self.init()
        var inputFlags: UInt16 = 0
        var outputFlags: UInt16 = 0
        var ends = TunnelEnds()
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_GRE_LOCAL): ends.local = IPAddress(bytes: value)
            case Int(IFLA_GRE_REMOTE): ends.remote = IPAddress(bytes: value)
            case Int(IFLA_GRE_IFLAGS): inputFlags = value.networkUInt16() ?? 0
            case Int(IFLA_GRE_OFLAGS): outputFlags = value.networkUInt16() ?? 0
            case Int(IFLA_GRE_IKEY): inputKey = value.networkUInt32()
            case Int(IFLA_GRE_OKEY): outputKey = value.networkUInt32()
            case Int(IFLA_GRE_PMTUDISC): setsDontFragment = value.byte() != 0
            case Int(IFLA_GRE_ENCAP_LIMIT): ends.encapsulationLimit = value.byte()
            case Int(IFLA_GRE_FLAGS): ends.flags = value.hostUInt32() ?? 0
            case Int(IFLA_GRE_TTL): ttl = value.byte().flatMap { $0 == 0 ? nil : $0 }
            case Int(IFLA_GRE_COLLECT_METADATA): isExternal = true
            case Int(IFLA_GRE_LINK): underlay = value.hostUInt32()
            default: break
            }
        }
        if inputFlags & Self.keyBit == 0 { inputKey = nil }
        if outputFlags & Self.keyBit == 0 { outputKey = nil }
        // RFC 2784, RFC 2890: four bytes, and four for each of checksum, key and sequence number.
        let optional = [Self.checksumBit, Self.keyBit, Self.sequenceBit].filter { outputFlags & $0 != 0 }.count
        headerLength = UInt32(4 + 4 * optional) + ends.optionLength
        take(ends)
    }

    /// From IFLA_INFO_DATA of an IP-in-IP device (`ipip_fill_info`, `ipip6_fill_info`, `ip6_tnl_fill_info`).
    init(ipip attributes: NetlinkAttributes, underlay: inout UInt32?) {
        self.init()
        var ends = TunnelEnds()
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_IPTUN_LOCAL): ends.local = IPAddress(bytes: value)
            case Int(IFLA_IPTUN_REMOTE): ends.remote = IPAddress(bytes: value)
            case Int(IFLA_IPTUN_PMTUDISC): setsDontFragment = value.byte() != 0
            case Int(IFLA_IPTUN_ENCAP_LIMIT): ends.encapsulationLimit = value.byte()
            // 16 bits of sit's, 32 bits of ip6tnl's.
            case Int(IFLA_IPTUN_FLAGS): ends.flags = value.hostUInt32() ?? 0
            case Int(IFLA_IPTUN_TTL): ttl = value.byte().flatMap { $0 == 0 ? nil : $0 }
            case Int(IFLA_IPTUN_COLLECT_METADATA): isExternal = true
            case Int(IFLA_IPTUN_LINK): underlay = value.hostUInt32()
            default: break
            }
        }
        headerLength = ends.optionLength
        take(ends)
    }

    private static let checksumBit: UInt16 = 0x8000
    private static let keyBit: UInt16 = 0x2000
    private static let sequenceBit: UInt16 = 0x1000

    private mutating func take(_ ends: TunnelEnds) {
        local = ends.local.flatMap { $0.isUnspecified ? nil : $0 }
        remote = ends.remote.flatMap { $0.isUnspecified ? nil : $0 }
    }
}

/// What both kinds of tunnels have.
private struct TunnelEnds {
    var local: IPAddress?
    var remote: IPAddress?
    var encapsulationLimit: UInt8?
    var flags: UInt32 = 0

    /// IP6_TNL_F_IGN_ENCAP_LIMIT (linux/ip6_tunnel.h).
    private static let ignoresLimit: UInt32 = 1

    /// Over IPv6, eight bytes of a destination options header with the encapsulation limit (RFC 2473, 4.1.1).
    var optionLength: UInt32 {
        guard remote?.isIPv4 == false || local?.isIPv4 == false, encapsulationLimit != nil,
            flags & Self.ignoresLimit == 0
        else { return 0 }
        return 8
    }
}
