internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

/// One RTM_NEWADDR (rtnetlink(7)): an address and the device that holds it.
struct AddressRecord {
    var index: UInt32
    var prefix: IPPrefix
    /// Duplicate address detection found that somebody else has it (IFA_F_DADFAILED, RFC 4862): the kernel neither sends
    /// from it nor answers for it.
    var isDuplicate: Bool

    init?(_ message: NetlinkMessage) {
        let header = message.payload
        guard Int32(message.type) == Int32(RTM_NEWADDR), header.count >= MemoryLayout<ifaddrmsg>.size,
            let length = header.byte(at: 1), let index = header.hostUInt32(at: 4)
        else { return nil }
        var local: IPAddress?
        var address: IPAddress?
        var flags = UInt32(header.byte(at: 2) ?? 0)
        for (type, value) in message.attributes(after: MemoryLayout<ifaddrmsg>.size) {
            // On a point-to-point device IFA_ADDRESS is the far end's, IFA_LOCAL one's own.
            if type == Int(IFA_LOCAL) { local = IPAddress(bytes: value) }
            if type == Int(IFA_ADDRESS) { address = IPAddress(bytes: value) }
            if type == Int(IFA_FLAGS) { flags = value.hostUInt32(at: 0) ?? flags }
        }
        guard let own = local ?? address, let prefix = IPPrefix(own, length: Int(length)) else { return nil }
        self.index = index
        self.prefix = prefix
        isDuplicate = flags & UInt32(IFA_F_DADFAILED) != 0
    }
}

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
