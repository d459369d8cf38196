internal import Netlink
internal import CNetlink
internal import Glibc
internal import Network
internal import Wire

/// One RTM_NEWNEIGHTBL (linux/neighbour.h) that tells the limits of a neighbour table, and how full it is; the kernel has
/// one table a family, for all namespaces.
struct NeighborTableRecord {
    /// As sysctl(8) writes them: `net.ipv4.neigh.default.gc_thresh3`.
    var limits: [String: String] = [:]
    /// Nil where the kernel tells no count of entries.
    var table: NeighborTable?

    /// Nil for the parameters of one device, and for a table of another family.
    init?(_ message: NetlinkMessage) {
        guard Int32(message.type) == Int32(RTM_NEWNEIGHTBL), let family = message.payload.byte() else { return nil }
        let name = Int32(family) == AF_INET ? "ipv4" : Int32(family) == AF_INET6 ? "ipv6" : nil
        guard let name else { return nil }
        var (entries, limit, refusals): (UInt32?, UInt32?, UInt64?)
        // struct ndtmsg: the family, padding.
        for (type, value) in message.attributes(after: 4) {
            switch type {
            // struct ndt_config: the lengths of key and entry, two bytes each, then the count.
            case Int(NDTA_CONFIG): entries = value.hostUInt32(at: 4)
            // struct ndt_stats: ndts_table_fulls is the eleventh.
            case Int(NDTA_STATS): refusals = value.hostUInt64(at: 80)
            case Int(NDTA_THRESH3): limit = value.hostUInt32()
            default: break
            }
            let number =
                switch type {
                case Int(NDTA_THRESH1): 1
                case Int(NDTA_THRESH2): 2
                case Int(NDTA_THRESH3): 3
                default: 0
                }
            guard number > 0, let limit = value.hostUInt32() else { continue }
            limits["net.\(name).neigh.default.gc_thresh\(number)"] = "\(limit)"
        }
        if limits.isEmpty { return nil }
        guard let entries, let limit else { return }
        table = NeighborTable(
            name: NeighborTable.name(of: Int32(family) == AF_INET ? .ipv4 : .ipv6), entries: entries, limit: limit,
            refusals: refusals ?? 0)
    }
}

extension NetlinkConversation {
    /// Costs one message for each device of the namespace besides.
    mutating func neighborTables() throws -> [NeighborTableRecord] {
        let request = NetlinkRequest(type: RTM_GETNEIGHTBL, fixed: [0, 0, 0, 0])
        return try dump(request, "read the neighbour tables") { NeighborTableRecord($0) }
    }
}
