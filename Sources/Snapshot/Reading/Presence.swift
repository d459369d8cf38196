internal import CNetlink
internal import LinuxSystem
internal import Netlink

/// Whether the calling thread's namespace has something at all, asked of the kernel: a few system calls spare a process for
/// each namespace that has none. Each throws `SystemError` where it may not be asked.
enum Presence {
    static func ofNextHops() throws -> Bool {
        var conversation = NetlinkConversation(try NetlinkSocket(.route))
        do {
            let request = NetlinkRequest(type: RTM_GETNEXTHOP, structure: nhmsg())
            return try !conversation.dump(request, "read the next-hop objects", limit: 1) { _ in true }.isEmpty
        } catch let error as SystemError where error.errorNumber == 95 {
            // EOPNOTSUPP: a kernel before Linux 5.3 has none.
            return false
        }
    }

    /// Queueing disciplines that somebody chose: the kernel gives its own the handle 0.
    static func ofQueues() throws -> Bool {
        var conversation = NetlinkConversation(try NetlinkSocket(.route))
        let request = NetlinkRequest(type: RTM_GETQDISC, structure: tcmsg())
        // struct tcmsg: family, padding, index, handle.
        return try conversation.dump(request, "read the queueing disciplines") { $0.payload.hostUInt32(at: 8) }
            .contains { $0 != 0 }
    }

    /// IPsec's.
    static func ofPolicies() throws -> Bool {
        guard let socket = try? NetlinkSocket(.xfrm) else { return false }
        var conversation = NetlinkConversation(socket)
        // XFRM_MSG_GETPOLICY (linux/xfrm.h): NLMSG_MIN_TYPE + 5; struct xfrm_userpolicy_id has 64 bytes.
        let request = NetlinkRequest(type: 0x15, fixed: [UInt8](repeating: 0, count: 64))
        return try !conversation.dump(request, "read the xfrm policies", limit: 1) { _ in true }.isEmpty
    }

    static func ofIPSets() throws -> Bool {
        var request = NetlinkRequest(subsystem: NFNL_SUBSYS_IPSET, message: IPSET_CMD_LIST.rawValue)
        request.append(IPSET_ATTR_PROTOCOL, UInt8(IPSET_PROTOCOL))
        request.append(IPSET_ATTR_FLAGS, network: UInt32(IPSET_FLAG_LIST_SETNAME.rawValue))
        var conversation = NetlinkConversation(try NetlinkSocket(.netfilter))
        return try !conversation.dump(request, "read the sets of ipset") { message in
            message.attributes(after: 4)[Int(IPSET_ATTR_SETNAME)]?.text
        }.isEmpty
    }
}
