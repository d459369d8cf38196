internal import CNetlink
internal import Observations
internal import Wire

/// A ctnetlink message (linux/netfilter/nfnetlink_conntrack.h).
///
/// Read from its attributes and not by libnetfilter_conntrack, which keeps the ICMP identifier of one direction only:
/// NAT can change it, and then the other one is the translated packet's.
enum ConntrackMessage {
    /// The flow event that a message speaks of; nil for one of another subsystem or without both tuples.
    static func flowEvent(_ message: NetlinkMessage, namespace: String, timeNanoseconds: Int64, isDump: Bool)
        -> FlowEvent?
    {
        guard message.type >> 8 == UInt16(NFNL_SUBSYS_CTNETLINK) else { return nil }
        let change: FlowEvent.Change
        switch message.type & 0xff {
        case 0:  // IPCTNL_MSG_CT_NEW
            let isNew = message.flags & UInt16(NLM_F_CREATE) != 0
            change = isDump ? .present : isNew ? .new : .update
        case 2:  // IPCTNL_MSG_CT_DELETE
            change = .destroy
        default:
            return nil
        }
        // struct nfgenmsg: family, version, resource; 4 bytes.
        let attributes = NetlinkAttributes(message.payload.dropFirst(4))
        guard let original = attributes.nested(1).flatMap(tuple),  // CTA_TUPLE_ORIG
            let reply = attributes.nested(2).flatMap(tuple)  // CTA_TUPLE_REPLY
        else { return nil }
        return FlowEvent(
            timeNanoseconds: timeNanoseconds, namespace: namespace, change: change, original: original, reply: reply,
            mark: attributes[8]?.networkUInt32(at: 0) ?? 0,  // CTA_MARK
            zone: attributes[18]?.networkUInt16(at: 0) ?? 0,  // CTA_ZONE
            status: attributes[3]?.networkUInt32(at: 0) ?? 0)  // CTA_STATUS
    }

    /// IPCTNL_MSG_CT_GET_STATS: asks how many entries the namespace has.
    static func countRequest(sequence: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | 5, flags: UInt16(NLM_F_REQUEST), sequence: sequence,
            payload: [UInt8(AF_UNSPEC), 0, 0, 0])
    }

    /// The number in an answer to `countRequest`; nil for another message.
    static func entryCount(_ message: NetlinkMessage) -> UInt32? {
        guard message.type == UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | 5 else { return nil }
        // CTA_STATS_GLOBAL_ENTRIES
        return NetlinkAttributes(message.payload.dropFirst(4))[1]?.networkUInt32(at: 0)
    }

    /// IPCTNL_MSG_CT_GET of all entries of every family.
    static func dumpRequest(sequence: UInt32) -> NetlinkRequest {
        NetlinkRequest(
            type: UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | 1, flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP),
            sequence: sequence, payload: [UInt8(AF_UNSPEC), 0, 0, 0])
    }

    /// CTA_TUPLE_IP (1) and CTA_TUPLE_PROTO (2).
    private static func tuple(_ attributes: NetlinkAttributes) -> FlowTuple? {
        guard let addresses = attributes.nested(1), let transport = attributes.nested(2),
            // CTA_IP_V4_SRC, CTA_IP_V4_DST, CTA_IP_V6_SRC, CTA_IP_V6_DST
            let source = (addresses[1] ?? addresses[3]).flatMap({ IPAddress(bytes: $0) }),
            let destination = (addresses[2] ?? addresses[4]).flatMap({ IPAddress(bytes: $0) }),
            let number = transport[1]?.first  // CTA_PROTO_NUM
        else { return nil }
        // CTA_PROTO_ICMP_ID, CTA_PROTO_ICMPV6_ID
        let identifier = (transport[4] ?? transport[7])?.networkUInt16(at: 0)
        return FlowTuple(
            source: source, destination: destination,
            sourcePort: identifier ?? transport[2]?.networkUInt16(at: 0) ?? 0,  // CTA_PROTO_SRC_PORT
            destinationPort: identifier ?? transport[3]?.networkUInt16(at: 0) ?? 0,  // CTA_PROTO_DST_PORT
            ipProtocol: IPProtocol(rawValue: number))
    }
}
