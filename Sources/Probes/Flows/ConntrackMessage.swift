internal import CNetlink
internal import Netlink
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
        case UInt16(IPCTNL_MSG_CT_NEW.rawValue):
            let isNew = message.flags & UInt16(NLM_F_CREATE) != 0
            change = isDump ? .present : isNew ? .new : .update
        case UInt16(IPCTNL_MSG_CT_DELETE.rawValue):
            change = .destroy
        default:
            return nil
        }
        // struct nfgenmsg: family, version, resource; 4 bytes.
        let attributes = message.attributes(after: 4)
        guard let original = attributes.nested(Int(CTA_TUPLE_ORIG.rawValue)).flatMap(tuple),
            let reply = attributes.nested(Int(CTA_TUPLE_REPLY.rawValue)).flatMap(tuple)
        else { return nil }
        return FlowEvent(
            timeNanoseconds: timeNanoseconds, namespace: namespace, change: change, original: original, reply: reply,
            mark: attributes[Int(CTA_MARK.rawValue)]?.networkUInt32() ?? 0,
            zone: attributes[Int(CTA_ZONE.rawValue)]?.networkUInt16() ?? 0,
            status: attributes[Int(CTA_STATUS.rawValue)]?.networkUInt32() ?? 0)
    }

    /// Asks how many entries the namespace has.
    static let countRequest = NetlinkRequest(
        subsystem: NFNL_SUBSYS_CTNETLINK, message: IPCTNL_MSG_CT_GET_STATS.rawValue)

    /// The number in an answer to `countRequest`; nil for another message.
    static func entryCount(_ message: NetlinkMessage) -> UInt32? {
        guard message.type == countRequest.type else { return nil }
        return message.attributes(after: 4)[Int(CTA_STATS_GLOBAL_ENTRIES.rawValue)]?.networkUInt32()
    }

    /// Asks for all entries of every family, as a dump.
    static let listRequest = NetlinkRequest(subsystem: NFNL_SUBSYS_CTNETLINK, message: IPCTNL_MSG_CT_GET.rawValue)

    /// From what stands in CTA_TUPLE_ORIG or CTA_TUPLE_REPLY.
    private static func tuple(_ attributes: NetlinkAttributes) -> FlowTuple? {
        guard let addresses = attributes.nested(Int(CTA_TUPLE_IP.rawValue)),
            let transport = attributes.nested(Int(CTA_TUPLE_PROTO.rawValue)),
            let source = (addresses[Int(CTA_IP_V4_SRC.rawValue)] ?? addresses[Int(CTA_IP_V6_SRC.rawValue)])
                .flatMap({ IPAddress(bytes: $0) }),
            let destination = (addresses[Int(CTA_IP_V4_DST.rawValue)] ?? addresses[Int(CTA_IP_V6_DST.rawValue)])
                .flatMap({ IPAddress(bytes: $0) }),
            let number = transport[Int(CTA_PROTO_NUM.rawValue)]?.byte()
        else { return nil }
        func port(_ type: ctattr_l4proto) -> UInt16? { transport[Int(type.rawValue)]?.networkUInt16() }
        let identifier = port(CTA_PROTO_ICMP_ID) ?? port(CTA_PROTO_ICMPV6_ID)
        return FlowTuple(
            source: source, destination: destination, sourcePort: identifier ?? port(CTA_PROTO_SRC_PORT) ?? 0,
            destinationPort: identifier ?? port(CTA_PROTO_DST_PORT) ?? 0, ipProtocol: IPProtocol(rawValue: number))
    }
}
