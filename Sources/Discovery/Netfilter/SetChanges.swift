internal import Netlink
internal import CNetlink

/// The kernel's notifications of a namespace's rulesets: whether somebody put elements into a set, or took some out. What
/// packets do to a set is not told.
///
/// The dump of an interval set costs the kernel the square of its elements (nft_rbtree_walk starts anew for each message:
/// six seconds for 300,000). So a large set is dumped once, and again only after a change.
final class SetChanges: Sendable {
    private let socket: NetlinkSocket

    /// Listens from now on, in the calling thread's namespace. Throws `SystemError`.
    init() throws {
        socket = try NetlinkSocket(.netfilter, groups: [Int(NFNLGRP_NFTABLES.rawValue)], bufferBytes: 1 << 20)
    }

    /// Whether an element of one of the sets changed, or may have, since it was last asked.
    func takeWhetherAny(of sets: Set<RulesetState.SetKey>) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        var isAny = false
        while true {
            switch socket.take(into: &buffer) {
            case .nothing: return isAny
            case .datagram(let bytes):
                guard let messages = try? NetlinkMessage.split(Array(bytes)) else { return true }
                isAny = isAny || messages.contains { Self.set($0).map(sets.contains) == true }
            case .overrun, .failed: return true
            }
        }
    }

    /// The set of which a message tells elements.
    private static func set(_ message: NetlinkMessage) -> RulesetState.SetKey? {
        let kind = UInt32(message.type & 0xff)
        guard kind == NFT_MSG_NEWSETELEM.rawValue || kind == NFT_MSG_DELSETELEM.rawValue,
            let family = NetfilterFamily.name(message.payload.byte())
        else { return nil }
        let attributes = message.attributes(after: 4)
        return RulesetState.SetKey(
            family: family, table: attributes[Int(NFTA_SET_ELEM_LIST_TABLE.rawValue)]?.text ?? "",
            name: attributes[Int(NFTA_SET_ELEM_LIST_SET.rawValue)]?.text ?? "")
    }
}
