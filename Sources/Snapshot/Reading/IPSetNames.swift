internal import CNetlink
internal import Netlink

/// Which sets of ipset the calling thread's namespace has.
enum IPSetNames {
    /// Throws `SystemError`.
    static func read() throws -> [String] {
        var request = NetlinkRequest(subsystem: NFNL_SUBSYS_IPSET, message: IPSET_CMD_LIST.rawValue)
        request.append(IPSET_ATTR_PROTOCOL, UInt8(IPSET_PROTOCOL))
        request.append(IPSET_ATTR_FLAGS, network: UInt32(IPSET_FLAG_LIST_SETNAME.rawValue))
        var conversation = NetlinkConversation(try NetlinkSocket(.netfilter))
        return try conversation.dump(request, "read the sets of ipset") { message in
            message.attributes(after: 4)[Int(IPSET_ATTR_SETNAME)]?.text
        }
    }
}
