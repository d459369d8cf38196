internal import Netlink
internal import CNetlink
internal import Glibc

/// One RTM_NEWNEIGHTBL (linux/neighbour.h) that tells the limits of a neighbour table; the kernel has one table a family,
/// for all namespaces.
struct NeighborTableRecord {
    /// As sysctl(8) writes them: `net.ipv4.neigh.default.gc_thresh3`.
    var limits: [String: String] = [:]

    /// Nil for the parameters of one device, and for a table of another family.
    init?(_ message: NetlinkMessage) {
        guard Int32(message.type) == Int32(RTM_NEWNEIGHTBL), let family = message.payload.byte() else { return nil }
        let name = Int32(family) == AF_INET ? "ipv4" : Int32(family) == AF_INET6 ? "ipv6" : nil
        guard let name else { return nil }
        // struct ndtmsg: the family, padding.
        for (type, value) in message.attributes(after: 4) {
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
    }
}

extension NetlinkConversation {
    /// Costs one message for each device of the namespace besides.
    mutating func neighborTableLimits() throws -> [String: String] {
        let request = NetlinkRequest(type: RTM_GETNEIGHTBL, fixed: [0, 0, 0, 0])
        return try dump(request, "read the limits of the neighbour tables") { NeighborTableRecord($0) }
            .reduce(into: [:]) { $0.merge($1.limits) { first, _ in first } }
    }
}
