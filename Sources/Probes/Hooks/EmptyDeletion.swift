internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// Deletes nftables chains and tables that hold nothing, and leaves those that do.
///
/// `nft delete chain` takes the chain's rules with it, `delete table` everything in the table: rules that others put
/// there meanwhile would be gone. With NLM_F_NONREC (linux/netlink.h) the kernel itself refuses what is not empty, so
/// that no rule can come between the look and the deletion.
struct EmptyDeletion {
    private let socket: NetlinkSocket

    init(in namespace: NetworkNamespaceFile) throws {
        socket = try namespace.perform { try NetlinkSocket(family: NETLINK_NETFILTER) }
    }

    /// - Parameter name: `FAMILY TABLE CHAIN` or `FAMILY TABLE`, of the families ip and ip6.
    /// - Returns: whether it is deleted; false where it is in use or has gone.
    /// - Throws: `SystemError` where the kernel can't be asked.
    @discardableResult
    func delete(_ name: String) throws -> Bool {
        let words = name.split(separator: " ").map(String.init)
        guard (2...3).contains(words.count), let family = Self.families[words[0]] else { return false }
        let type = words.count == 3 ? NFT_MSG_DELCHAIN : NFT_MSG_DELTABLE
        var request = NetlinkRequest(
            type: UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(type.rawValue),
            flags: UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_NONREC), sequence: 1, payload: [family, 0, 0, 0])
        if words.count == 3 {
            request.attribute(Int(NFTA_CHAIN_TABLE.rawValue), Array(words[1].utf8) + [0])
            request.attribute(Int(NFTA_CHAIN_NAME.rawValue), Array(words[2].utf8) + [0])
        } else {
            request.attribute(Int(NFTA_TABLE_NAME.rawValue), Array(words[1].utf8) + [0])
        }
        // A change stands in a batch (nfnetlink(7)); one each, since a refusal undoes its whole batch.
        try socket.send(Self.mark(NFNL_MSG_BATCH_BEGIN) + request.bytes + Self.mark(NFNL_MSG_BATCH_END))
        return try answer() == 0
    }

    private static let families: [String: UInt8] = [
        "ip": UInt8(NFPROTO_IPV4), "ip6": UInt8(NFPROTO_IPV6),
    ]

    /// `struct nfgenmsg` names the subsystem in network order.
    private static func mark(_ type: Int32) -> [UInt8] {
        NetlinkRequest(
            type: UInt16(type), flags: UInt16(NLM_F_REQUEST), sequence: 0,
            payload: [UInt8(AF_UNSPEC), 0, 0, UInt8(NFNL_SUBSYS_NFTABLES)]
        ).bytes
    }

    private func answer() throws -> Int32 {
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            switch socket.receive(into: &buffer, waits: true) {
            case .datagram(let datagram):
                for message in NetlinkMessage.all(in: datagram) where message.type == NetlinkMessage.error {
                    return message.errorNumber
                }
            case .nothing, .overrun: continue
            case .failed(let number): throw SystemError("delete an empty nftables chain", errorNumber: number)
            }
        }
    }
}
