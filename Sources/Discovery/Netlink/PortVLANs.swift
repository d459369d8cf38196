internal import CNetlink
internal import Netlink

/// One RTM_NEWLINK of family AF_BRIDGE: the VLANs of a port, or of a bridge itself.
struct PortVLANs {
    var index: UInt32
    var pvid: UInt16?
    var vlans: [UInt16] = []
    var untagged: [UInt16] = []

    init?(_ message: NetlinkMessage) {
        guard Int32(message.type) == Int32(RTM_NEWLINK), let index = message.payload.hostUInt32(at: 4) else {
            return nil
        }
        self.index = index
        for case (Int(IFLA_AF_SPEC), let list) in message.attributes(after: MemoryLayout<ifinfomsg>.size) {
            for case (Int(IFLA_BRIDGE_VLAN_INFO), let value) in NetlinkAttributes(list) {
                // struct bridge_vlan_info
                guard let flags = value.hostUInt16(at: 0), let identifier = value.hostUInt16(at: 2) else { continue }
                vlans.append(identifier)
                if Int32(flags) & BRIDGE_VLAN_INFO_PVID != 0 { pvid = identifier }
                if Int32(flags) & BRIDGE_VLAN_INFO_UNTAGGED != 0 { untagged.append(identifier) }
            }
        }
    }
}
