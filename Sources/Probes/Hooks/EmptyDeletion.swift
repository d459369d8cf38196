internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Netlink

/// Deletes nftables chains and tables that hold nothing, and leaves those that do.
///
/// `nft delete chain` takes the chain's rules with it, `delete table` everything in the table: rules that others put
/// there meanwhile would be gone. With NLM_F_NONREC (linux/netlink.h) the kernel itself refuses what is not empty, so
/// that no rule can come between the look and the deletion.
struct EmptyDeletion {
    private let socket: NetlinkSocket

    init(in namespace: NetworkNamespaceFile) throws {
        socket = try namespace.perform { try NetlinkSocket(.netfilter) }
    }

    /// - Parameter name: `FAMILY TABLE CHAIN` or `FAMILY TABLE`, of the families ip and ip6.
    /// - Returns: whether it is deleted; false where it is in use or has gone.
    /// - Throws: `SystemError` where the kernel can't be asked.
    @discardableResult
    func delete(_ name: String) throws -> Bool {
        let words = name.split(separator: " ").map(String.init)
        guard (2...3).contains(words.count), let family = Self.families[words[0]] else { return false }
        let type = words.count == 3 ? NFT_MSG_DELCHAIN : NFT_MSG_DELTABLE
        var deletion = NetlinkRequest(
            subsystem: NFNL_SUBSYS_NFTABLES, message: type.rawValue, flags: NLM_F_ACK | NLM_F_NONREC, family: family)
        if words.count == 3 {
            deletion.append(NFTA_CHAIN_TABLE.rawValue, text: words[1])
            deletion.append(NFTA_CHAIN_NAME.rawValue, text: words[2])
        } else {
            deletion.append(NFTA_TABLE_NAME.rawValue, text: words[1])
        }
        // A change stands in a batch (nfnetlink(7)); one each, since a refusal undoes its whole batch.
        var conversation = NetlinkConversation(socket)
        let answer = try conversation.answer(
            to: Self.mark(NFNL_MSG_BATCH_BEGIN), deletion, Self.mark(NFNL_MSG_BATCH_END))
        return answer == .acknowledged
    }

    private static let families: [String: UInt8] = [
        "ip": UInt8(NFPROTO_IPV4), "ip6": UInt8(NFPROTO_IPV6),
    ]

    /// The batch's subsystem stands in `struct nfgenmsg` as the resource.
    private static func mark(_ type: Int32) -> NetlinkRequest {
        NetlinkRequest(subsystem: 0, message: type, resource: UInt16(NFNL_SUBSYS_NFTABLES))
    }
}
