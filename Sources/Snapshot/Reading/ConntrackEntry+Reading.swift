internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Netlink
internal import Wire

extension ConntrackEntry {
    /// The entries of the calling thread's namespace. Throws `SystemError`.
    ///
    /// The table is one for all namespaces and a dump goes through the whole of it, so it is first asked whether there are
    /// any. Where the module is not there, asking would load it: then there are none.
    static func readAll() throws -> [ConntrackEntry] {
        if access("/sys/module/nf_conntrack", F_OK) != 0, access("/proc/sys/net/netfilter", F_OK) != 0 {
            return []
        }
        var conversation = NetlinkConversation(try NetlinkSocket(.netfilter))
        let count = NetlinkRequest(subsystem: NFNL_SUBSYS_CTNETLINK, message: IPCTNL_MSG_CT_GET_STATS.rawValue)
        if let answer = try? conversation.ask(count, "count the conntrack entries"), answer.type == count.type,
            answer.attributes(after: 4)[Int(CTA_STATS_GLOBAL_ENTRIES.rawValue)]?.networkUInt32() == 0
        {
            return []
        }
        let list = NetlinkRequest(subsystem: NFNL_SUBSYS_CTNETLINK, message: IPCTNL_MSG_CT_GET.rawValue)
        return try conversation.dump(list, "list the conntrack entries") { ConntrackEntry($0) }
    }

    /// From an IPCTNL_MSG_CT_NEW (linux/netfilter/nfnetlink_conntrack.h); nil for another message, or one without both
    /// directions.
    init?(_ message: NetlinkMessage) {
        guard message.type >> 8 == UInt16(NFNL_SUBSYS_CTNETLINK),
            message.type & 0xff == UInt16(IPCTNL_MSG_CT_NEW.rawValue)
        else { return nil }
        let attributes = message.attributes(after: 4)
        guard let original = attributes.nested(Int(CTA_TUPLE_ORIG.rawValue)).flatMap({ Self.tuple($0) }),
            let reply = attributes.nested(Int(CTA_TUPLE_REPLY.rawValue)).flatMap({ Self.tuple($0) })
        else { return nil }
        let status = attributes[Int(CTA_STATUS.rawValue)]?.networkUInt32() ?? 0
        self.init(
            ipProtocol: original.number, original: original.tuple, reply: reply.tuple,
            status: Self.statusNames.filter { status & $0.0 != 0 }.map(\.1),
            timeout: attributes[Int(CTA_TIMEOUT.rawValue)]?.networkUInt32(),
            mark: attributes[Int(CTA_MARK.rawValue)]?.networkUInt32() ?? 0,
            zone: attributes[Int(CTA_ZONE.rawValue)]?.networkUInt16() ?? 0)
        if let tcp = attributes.nested(Int(CTA_PROTOINFO.rawValue))?.nested(Int(CTA_PROTOINFO_TCP.rawValue)),
            let number = tcp[Int(CTA_PROTOINFO_TCP_STATE.rawValue)]?.byte(), Int(number) < Self.tcpStates.count
        {
            state = Self.tcpStates[Int(number)]
        }
    }

    /// `enum ip_conntrack_status` (linux/netfilter/nf_conntrack_common.h), of what a made entry can be given or what tells
    /// how it is translated.
    private static let statusNames: [(UInt32, String)] = [
        (1 << 0, "EXPECTED"), (1 << 1, "SEEN_REPLY"), (1 << 2, "ASSURED"), (1 << 3, "CONFIRMED"), (1 << 4, "SRC_NAT"),
        (1 << 5, "DST_NAT"), (1 << 6, "SEQ_ADJUST"), (1 << 10, "FIXED_TIMEOUT"), (1 << 13, "HELPER"),
        (1 << 14, "OFFLOAD"), (1 << 15, "HW_OFFLOAD"),
    ]

    /// `enum tcp_conntrack`, by the names that conntrack(8) gives.
    private static let tcpStates = [
        "NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",
        "SYN_SENT2",
    ]

    private static func tuple(_ attributes: NetlinkAttributes) -> (number: IPProtocol, tuple: Tuple)? {
        guard let addresses = attributes.nested(Int(CTA_TUPLE_IP.rawValue)),
            let transport = attributes.nested(Int(CTA_TUPLE_PROTO.rawValue)),
            let source = (addresses[Int(CTA_IP_V4_SRC.rawValue)] ?? addresses[Int(CTA_IP_V6_SRC.rawValue)])
                .flatMap({ IPAddress(bytes: $0) }),
            let destination = (addresses[Int(CTA_IP_V4_DST.rawValue)] ?? addresses[Int(CTA_IP_V6_DST.rawValue)])
                .flatMap({ IPAddress(bytes: $0) }),
            let number = transport[Int(CTA_PROTO_NUM.rawValue)]?.byte()
        else { return nil }
        func port(_ type: ctattr_l4proto) -> UInt16? { transport[Int(type.rawValue)]?.networkUInt16() }
        func octet(_ type: ctattr_l4proto) -> UInt8? { transport[Int(type.rawValue)]?.byte() }
        var tuple = Tuple(source: source, destination: destination)
        tuple.sourcePort = port(CTA_PROTO_ICMP_ID) ?? port(CTA_PROTO_ICMPV6_ID) ?? port(CTA_PROTO_SRC_PORT)
        tuple.destinationPort = port(CTA_PROTO_DST_PORT)
        tuple.icmpType = octet(CTA_PROTO_ICMP_TYPE) ?? octet(CTA_PROTO_ICMPV6_TYPE)
        tuple.icmpCode = octet(CTA_PROTO_ICMP_CODE) ?? octet(CTA_PROTO_ICMPV6_CODE)
        return (IPProtocol(rawValue: number), tuple)
    }
}
