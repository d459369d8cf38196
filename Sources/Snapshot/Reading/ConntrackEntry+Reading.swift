internal import Glibc
internal import LinuxSystem
internal import Netlink

extension ConntrackEntry {
    /// The entries of the calling thread's namespace. Throws `SystemError`.
    ///
    /// Where the module is not there, asking would load it: then there are none.
    static func readAll() throws -> [ConntrackEntry] {
        if access("/sys/module/nf_conntrack", F_OK) != 0, access("/proc/sys/net/netfilter", F_OK) != 0 {
            return []
        }
        var conversation = NetlinkConversation(try NetlinkSocket(.netfilter))
        return try conversation.conntrackEntries { ConntrackEntry($0) }
    }

    init(_ entry: ConntrackMessage) {
        self.init(
            ipProtocol: entry.original.ipProtocol, original: Tuple(entry.original), reply: Tuple(entry.reply),
            state: entry.tcpState.flatMap { Int($0) < Self.tcpStates.count ? Self.tcpStates[Int($0)] : nil },
            status: Self.statusNames.filter { entry.status & $0.0 != 0 }.map(\.1), timeout: entry.timeout,
            mark: entry.mark, zone: entry.zone)
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
}

extension ConntrackEntry.Tuple {
    fileprivate init(_ tuple: ConntrackMessage.Tuple) {
        self.init(
            source: tuple.source, destination: tuple.destination,
            sourcePort: tuple.icmpIdentifier ?? tuple.sourcePort, destinationPort: tuple.destinationPort)
        icmpType = tuple.icmpType
        icmpCode = tuple.icmpCode
    }
}
