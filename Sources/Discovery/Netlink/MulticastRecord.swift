internal import Netlink
internal import Network
internal import CNetlink
internal import Glibc
internal import Wire

/// One RTM_NEWMDB of a dump (linux/if_bridge.h): groups and router ports of one bridge.
struct MulticastRecord {
    /// Of the bridge.
    var index: UInt32
    var entries: [MDBEntry] = []
    var routers: [String] = []

    init?(_ message: NetlinkMessage, names: DeviceNames) {
        // struct br_port_msg: the family, padding, the bridge.
        let header = MemoryLayout<br_port_msg>.size
        guard Int32(message.type) == Int32(RTM_NEWMDB) || Int32(message.type) == Int32(RTM_GETMDB),
            message.payload.count >= header, let index = message.payload.hostUInt32(at: 4)
        else { return nil }
        self.index = index
        for (type, value) in message.attributes(after: header) {
            switch type {
            case Int(MDBA_MDB):
                for case (Int(MDBA_MDB_ENTRY), let list) in NetlinkAttributes(value) {
                    for case (Int(MDBA_MDB_ENTRY_INFO), let entry) in NetlinkAttributes(list) {
                        if let read = Self.entry(entry, names: names) { entries.append(read) }
                    }
                }
            case Int(MDBA_ROUTER):
                for case (Int(MDBA_ROUTER_PORT), let port) in NetlinkAttributes(value) {
                    if let name = port.hostUInt32().flatMap({ names[$0] }) { routers.append(name) }
                }
            default: break
            }
        }
    }

    /// struct br_mdb_entry: port, state, flags, VLAN, group (16 bytes) and its EtherType; then attributes.
    private static func entry(_ bytes: ArraySlice<UInt8>, names: DeviceNames) -> MDBEntry? {
        let size = MemoryLayout<br_mdb_entry>.size
        guard bytes.count >= size, let device = bytes.hostUInt32(at: 0).flatMap({ names[$0] }),
            let state = bytes.byte(at: 4), let vlan = bytes.hostUInt16(at: 6), let type = bytes.networkUInt16(at: 24)
        else { return nil }
        let address = bytes.dropFirst(8)
        var entry = MDBEntry(
            group: nil, device: device, vlan: vlan == 0 ? nil : vlan, permanent: Int32(state) == MDB_PERMANENT)
        switch Int32(type) {
        case ETH_P_IP: entry.group = IPAddress(bytes: address.prefix(4))
        case ETH_P_IPV6: entry.group = IPAddress(bytes: address.prefix(16))
        default: entry.mac = MACAddress(bytes: address.prefix(6))
        }
        for case (Int(MDBA_MDB_EATTR_SOURCE), let source) in NetlinkAttributes(bytes.dropFirst(size)) {
            entry.source = IPAddress(bytes: source)
        }
        return entry
    }
}

extension NetlinkConversation {
    mutating func multicast(names: DeviceNames) throws -> [MulticastRecord] {
        var header = br_port_msg()
        header.family = UInt8(AF_BRIDGE)
        return try dump(NetlinkRequest(type: RTM_GETMDB, structure: header), "read the multicast groups of the bridges")
        {
            MulticastRecord($0, names: names)
        }
    }
}
