internal import Netlink
internal import Network
internal import CNetlink
internal import Wire

extension NextHopObject {
    /// From an RTM_NEWNEXTHOP (linux/nexthop.h); nil where it has no number.
    init?(_ message: NetlinkMessage, names: DeviceNames) {
        let header = MemoryLayout<nhmsg>.size
        guard Int32(message.type) == Int32(RTM_NEWNEXTHOP), let flags = message.payload.hostUInt32(at: 4) else {
            return nil
        }
        self.init(identifier: 0)
        for (type, value) in message.attributes(after: header) {
            switch type {
            case Int(NHA_ID): identifier = value.hostUInt32() ?? 0
            case Int(NHA_OIF): device = value.hostUInt32().map { names[$0] ?? "if\($0)" }
            case Int(NHA_GATEWAY): gateway = IPAddress(bytes: value)
            case Int(NHA_BLACKHOLE): isBlackhole = true
            case Int(NHA_GROUP):
                // struct nexthop_grp: number, weight less one.
                let size = MemoryLayout<nexthop_grp>.size
                group = stride(from: 0, to: value.count - size + 1, by: size).map { offset in
                    Member(
                        identifier: value.hostUInt32(at: offset) ?? 0, weight: Int(value.byte(at: offset + 4) ?? 0) + 1)
                }
            default: break
            }
        }
        if identifier == 0 { return nil }
        let flagNames = Route.flagNames(flags)
        if !flagNames.isEmpty { self.flags = flagNames }
    }
}

extension NetlinkConversation {
    mutating func nextHopObjects(names: DeviceNames) throws -> [NextHopObject] {
        try dump(NetlinkRequest(type: RTM_GETNEXTHOP, structure: nhmsg()), "read the next hop objects") {
            NextHopObject($0, names: names)
        }
    }
}
