internal import Netlink
internal import Network
internal import CNetlink

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
            case Int(IFLA_BR_AGEING_TIME): ageingTime = value.hostUInt32()
            case Int(IFLA_BR_FORWARD_DELAY): forwardDelay = value.hostUInt32()
            case Int(IFLA_BR_MCAST_SNOOPING): multicastSnooping = value.byte() != 0
            case Int(IFLA_BR_MCAST_QUERIER): multicastQuerier = value.byte() != 0
            case Int(IFLA_BR_GROUP_FWD_MASK): groupForwardMask = value.hostUInt16()
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
            case Int(IFLA_BRPORT_GUARD): guardsBPDU = value.byte() != 0
            case Int(IFLA_BRPORT_PROTECT): rootBlock = value.byte() != 0
            case Int(IFLA_BRPORT_MCAST_FLOOD): multicastFlooding = value.byte() != 0
            case Int(IFLA_BRPORT_BCAST_FLOOD): broadcastFlooding = value.byte() != 0
            case Int(IFLA_BRPORT_NEIGH_SUPPRESS): suppressesNeighbors = value.byte() != 0
            case Int(IFLA_BRPORT_PROXYARP): proxiesARP = value.byte() != 0
            case Int(IFLA_BRPORT_LOCKED): isLocked = value.byte() != 0
            default: break
            }
        }
    }
}
