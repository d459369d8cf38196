internal import CNetlink

extension NetlinkConversation {
    /// The entries of the channel's namespace, of every family. Throws `SystemError`.
    ///
    /// The table is one for all namespaces and a dump goes through the whole of it, however few are this one's: so it is
    /// asked first whether there are any.
    ///
    /// - Parameters:
    ///   - limit: of the entries that are read.
    ///   - transform: what is kept of each.
    package mutating func conntrackEntries<Value>(
        limit: Int = .max, _ transform: (ConntrackMessage) -> Value
    ) throws -> [Value] {
        let count = NetlinkRequest(subsystem: NFNL_SUBSYS_CTNETLINK, message: IPCTNL_MSG_CT_GET_STATS.rawValue)
        if case .message(let answer) = try answer(to: count), Self.conntrackCount(answer) == 0 { return [] }
        let list = NetlinkRequest(subsystem: NFNL_SUBSYS_CTNETLINK, message: IPCTNL_MSG_CT_GET.rawValue)
        return try dump(list, "list the conntrack entries", limit: limit) { message in
            ConntrackMessage(message).map(transform)
        }
    }

    /// The number of entries in an IPCTNL_MSG_CT_GET_STATS; nil for another message.
    package static func conntrackCount(_ message: NetlinkMessage) -> UInt32? {
        guard message.type == UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_GET_STATS.rawValue) else {
            return nil
        }
        return message.attributes(after: 4)[Int(CTA_STATS_GLOBAL_ENTRIES.rawValue)]?.networkUInt32()
    }
}
