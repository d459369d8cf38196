internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

/// A device as one RTM_NEWLINK tells it (rtnetlink(7), linux/if_link.h), before indices have become names.
struct LinkRecord {
    var link: Link
    /// IFLA_MASTER.
    var masterIndex: UInt32?
    /// IFLA_LINK: a veth's peer, a macvlan's or VLAN's lower device.
    var lowerIndex: UInt32?
    /// IFLA_LINK_NETNSID: where that index counts, as this namespace numbers others; nil for this one.
    var lowerNetnsid: Int32?
    /// IFLA_VXLAN_LINK, IFLA_GRE_LINK, IFLA_IPTUN_LINK.
    var underlayIndex: UInt32?
    /// Values of IPV4_DEVCONF_*, the first at index 0.
    var ipv4Settings: [UInt32] = []
    /// Values of DEVCONF_* (IPv6), the first at index 0.
    var ipv6Settings: [UInt32] = []

    /// Nil where the message is too short or names no device.
    init?(_ message: NetlinkMessage) {
        guard Int32(message.type) == Int32(RTM_NEWLINK), let arphrd = message.payload.hostUInt16(at: 2),
            let index = message.payload.hostUInt32(at: 4), let flags = message.payload.hostUInt32(at: 8)
        else { return nil }
        link = Link(
            name: "", index: index, kind: Int32(arphrd) == ARPHRD_LOOPBACK ? .loopback : .ethernet,
            isUp: flags & UInt32(bitPattern: Int32(IFF_UP)) != 0, hasCarrier: flags & Self.lowerUp != 0)
        for (type, value) in message.attributes(after: MemoryLayout<ifinfomsg>.size) {
            switch type {
            case Int(IFLA_IFNAME): link.name = value.text
            case Int(IFLA_MTU): link.mtu = value.hostUInt32() ?? 0
            case Int(IFLA_ADDRESS): link.mac = MACAddress(bytes: value)
            case Int(IFLA_OPERSTATE): link.state = Self.operationalState(value.byte() ?? 0)
            case Int(IFLA_MASTER): masterIndex = value.hostUInt32()
            case Int(IFLA_LINK): lowerIndex = value.hostUInt32()
            case Int(IFLA_LINK_NETNSID): lowerNetnsid = value.hostInt32()
            case Int(IFLA_QDISC): link.queueing = value.text
            case Int(IFLA_LINKINFO): readKind(NetlinkAttributes(value))
            case Int(IFLA_XDP): readXDP(NetlinkAttributes(value))
            case Int(IFLA_AF_SPEC): readSettings(NetlinkAttributes(value))
            default: break
            }
        }
        if link.name.isEmpty { return nil }
        // A device without one below it says its own index, or 0.
        if lowerIndex == 0 || (lowerIndex == index && lowerNetnsid == nil) { lowerIndex = nil }
    }

    /// IFF_LOWER_UP, an enumerator that stands only in the kernel's own header.
    private static let lowerUp: UInt32 = 1 << 16

    /// RFC 2863, as `ip link` writes it in small letters.
    static func operationalState(_ code: UInt8) -> OperationalState {
        let names: [OperationalState] = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"]
        return Int(code) < names.count ? names[Int(code)] : OperationalState(rawValue: "\(code)")
    }

    private mutating func readKind(_ attributes: NetlinkAttributes) {
        var portKind = ""
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_INFO_KIND): link.kind = LinkKind(rawValue: value.text)
            case Int(IFLA_INFO_DATA):
                // The kind stands before its data (rtnl_link_info_fill).
                switch link.kind {
                case .bridge: link.bridge = Link.Bridge(NetlinkAttributes(value))
                case .vxlan: readVXLAN(NetlinkAttributes(value))
                case .gre, .gretap, .ip6GRE, .ip6GRETap:
                    link.tunnel = Link.Tunnel(gre: NetlinkAttributes(value), underlay: &underlayIndex)
                case .ipip, .sit, .ip6Tunnel:
                    link.tunnel = Link.Tunnel(ipip: NetlinkAttributes(value), underlay: &underlayIndex)
                case .macvlan, .macvtap, .ipvlan, .vlan: readStacked(NetlinkAttributes(value))
                default: break
                }
            case Int(IFLA_INFO_SLAVE_KIND): portKind = value.text
            case Int(IFLA_INFO_SLAVE_DATA):
                if portKind == "bridge" { link.bridgePort = Link.BridgePort(NetlinkAttributes(value)) }
            default: break
            }
        }
    }

    private mutating func readVXLAN(_ attributes: NetlinkAttributes) {
        var vxlan = Link.VXLAN(identifier: 0, port: 8472)
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_VXLAN_ID): vxlan.identifier = value.hostUInt32() ?? 0
            case Int(IFLA_VXLAN_PORT): vxlan.port = value.networkUInt16() ?? 0
            case Int(IFLA_VXLAN_GROUP), Int(IFLA_VXLAN_GROUP6): vxlan.remote = IPAddress(bytes: value)
            case Int(IFLA_VXLAN_LOCAL), Int(IFLA_VXLAN_LOCAL6): vxlan.local = IPAddress(bytes: value)
            case Int(IFLA_VXLAN_LEARNING): vxlan.learning = value.byte() != 0
            case Int(IFLA_VXLAN_LINK): underlayIndex = value.hostUInt32()
            default: break
            }
        }
        if vxlan.remote?.isUnspecified == true { vxlan.remote = nil }
        if vxlan.local?.isUnspecified == true { vxlan.local = nil }
        link.vxlan = vxlan
    }

    private mutating func readStacked(_ attributes: NetlinkAttributes) {
        for (type, value) in attributes {
            switch (link.kind, type) {
            case (.vlan, Int(IFLA_VLAN_ID)): link.vlan = value.hostUInt16()
            case (.macvlan, Int(IFLA_MACVLAN_MODE)), (.macvtap, Int(IFLA_MACVLAN_MODE)):
                let modes: [UInt32: String] = [
                    MACVLAN_MODE_PRIVATE.rawValue: "private", MACVLAN_MODE_VEPA.rawValue: "vepa",
                    MACVLAN_MODE_BRIDGE.rawValue: "bridge", MACVLAN_MODE_PASSTHRU.rawValue: "passthru",
                    MACVLAN_MODE_SOURCE.rawValue: "source",
                ]
                link.mode = value.hostUInt32().flatMap { modes[$0] }
            default: break
            }
        }
    }

    private mutating func readXDP(_ attributes: NetlinkAttributes) {
        for case (Int(IFLA_XDP_ATTACHED), let value) in attributes {
            switch value.byte() {
            case nil, 0: break
            case UInt8(XDP_ATTACHED_SKB): link.programs.append("xdp generic")
            case UInt8(XDP_ATTACHED_HW): link.programs.append("xdp offload")
            default: link.programs.append("xdp")
            }
        }
    }

    private mutating func readSettings(_ attributes: NetlinkAttributes) {
        for (family, value) in attributes {
            switch Int32(family) {
            case AF_INET:
                for (type, list) in NetlinkAttributes(value) where type == Int(IFLA_INET_CONF) {
                    ipv4Settings = list.hostUInt32s
                }
            case AF_INET6:
                for (type, list) in NetlinkAttributes(value) where type == Int(IFLA_INET6_CONF) {
                    ipv6Settings = list.hostUInt32s
                }
            default: break
            }
        }
    }
}

extension Link.Bridge {
    /// From IFLA_INFO_DATA of a bridge.
    init(_ attributes: NetlinkAttributes) {
        self.init(vlanFiltering: false)
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_BR_STP_STATE): stp = value.hostUInt32() != 0
            case Int(IFLA_BR_VLAN_FILTERING): vlanFiltering = value.byte() != 0
            case Int(IFLA_BR_VLAN_DEFAULT_PVID): defaultPVID = value.hostUInt16()
            case Int(IFLA_BR_NF_CALL_IPTABLES): callsIPTables = value.byte() != 0
            case Int(IFLA_BR_NF_CALL_IP6TABLES): callsIP6Tables = value.byte() != 0
            default: break
            }
        }
    }
}

extension Link.BridgePort {
    /// From IFLA_INFO_SLAVE_DATA of a bridge's port.
    init(_ attributes: NetlinkAttributes) {
        self.init(state: .disabled)
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_BRPORT_STATE):
                let names: [BridgePortState] = ["disabled", "listening", "learning", "forwarding", "blocking"]
                let code = Int(value.byte() ?? 0)
                state = code < names.count ? names[code] : BridgePortState(rawValue: "\(code)")
            case Int(IFLA_BRPORT_ISOLATED): isolated = value.byte() != 0
            case Int(IFLA_BRPORT_MODE): hairpin = value.byte() != 0
            case Int(IFLA_BRPORT_LEARNING): learning = value.byte() != 0
            case Int(IFLA_BRPORT_UNICAST_FLOOD): flooding = value.byte() != 0
            default: break
            }
        }
    }
}
