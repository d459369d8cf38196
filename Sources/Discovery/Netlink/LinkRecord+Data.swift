internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

extension LinkRecord {
    /// IFLA_INFO_DATA, by the kind of the device.
    mutating func readData(_ attributes: NetlinkAttributes) {
        switch link.kind {
        case .bridge: link.bridge = Link.Bridge(attributes)
        case .vxlan: readVXLAN(attributes)
        case .macvlan, .macvtap: readMACVLAN(attributes)
        case .ipvlan:
            let modes: [LinkMode] = [.l2, .l3, .l3s]
            let mode = attributes[Int(IFLA_IPVLAN_MODE)]?.hostUInt16().map(Int.init)
            link.mode = mode.flatMap { modes.indices.contains($0) ? modes[$0] : nil }
        case .vlan: link.vlan = attributes[Int(IFLA_VLAN_ID)]?.hostUInt16()
        case .tun:
            let type = attributes[Int(IFLA_TUN_TYPE)]?.byte()
            // IFF_TUN, IFF_TAP (linux/if_tun.h)
            link.mode = type == 1 ? .tun : type == 2 ? .tap : nil
        case .vrf: link.vrfTable = attributes[Int(IFLA_VRF_TABLE)]?.hostUInt32().map(RoutingTable.init(rawValue:))
        case .bond: readBond(attributes)
        case .gre, .gretap, .ip6GRE, .ip6GRETap:
            link.tunnel = Link.Tunnel(gre: attributes, underlay: &underlayIndex)
        case .ipip, .sit, .ip6Tunnel:
            link.tunnel = Link.Tunnel(ipip: attributes, underlay: &underlayIndex)
        default: break
        }
    }

    private mutating func readVXLAN(_ attributes: NetlinkAttributes) {
        var vxlan = Link.VXLAN(identifier: 0, port: 8472)
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_VXLAN_ID): vxlan.identifier = value.hostUInt32() ?? 0
            case Int(IFLA_VXLAN_PORT): vxlan.port = value.networkUInt16() ?? 0
            case Int(IFLA_VXLAN_GROUP), Int(IFLA_VXLAN_GROUP6): vxlan.remote = Self.end(value)
            case Int(IFLA_VXLAN_LOCAL), Int(IFLA_VXLAN_LOCAL6): vxlan.local = Self.end(value)
            case Int(IFLA_VXLAN_LEARNING): vxlan.learning = value.byte() != 0
            case Int(IFLA_VXLAN_LINK): underlayIndex = value.hostUInt32()
            case Int(IFLA_VXLAN_TTL): vxlan.ttl = value.byte().flatMap { $0 == 0 ? nil : $0 }
            case Int(IFLA_VXLAN_COLLECT_METADATA): vxlan.isExternal = value.byte() != 0
            case Int(IFLA_VXLAN_PROXY): vxlan.proxiesARP = value.byte() != 0
            case Int(IFLA_VXLAN_DF):
                let flag = value.byte().map(UInt32.init)
                vxlan.dontFragment =
                    flag == VXLAN_DF_SET.rawValue ? .set : flag == VXLAN_DF_INHERIT.rawValue ? .inherit : nil
            default: break
            }
        }
        link.vxlan = vxlan
    }

    private mutating func readMACVLAN(_ attributes: NetlinkAttributes) {
        let modes: [UInt32: LinkMode] = [
            MACVLAN_MODE_PRIVATE.rawValue: .private, MACVLAN_MODE_VEPA.rawValue: .vepa,
            MACVLAN_MODE_BRIDGE.rawValue: .bridge, MACVLAN_MODE_PASSTHRU.rawValue: .passthrough,
            MACVLAN_MODE_SOURCE.rawValue: .source,
        ]
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_MACVLAN_MODE): link.mode = value.hostUInt32().flatMap { modes[$0] }
            case Int(IFLA_MACVLAN_MACADDR_DATA):
                link.sources = NetlinkAttributes(value).compactMap { MACAddress(bytes: $0.value) }
            default: break
            }
        }
    }

    private mutating func readBond(_ attributes: NetlinkAttributes) {
        let modes: [Link.BondMode] = [
            .roundRobin, .activeBackup, .xor, .broadcast, .lacp, .transmitLoad, .adaptiveLoad,
        ]
        for (type, value) in attributes {
            switch type {
            case Int(IFLA_BOND_MODE):
                let code = Int(value.byte() ?? 0)
                link.bond = Link.Bond(
                    mode: modes.indices.contains(code) ? modes[code] : Link.BondMode(rawValue: "\(code)"))
            case Int(IFLA_BOND_ACTIVE_SLAVE): activePortIndex = value.hostUInt32()
            default: break
            }
        }
    }

    private static func end(_ bytes: ArraySlice<UInt8>) -> IPAddress? {
        IPAddress(bytes: bytes).flatMap { $0.isUnspecified ? nil : $0 }
    }
}
