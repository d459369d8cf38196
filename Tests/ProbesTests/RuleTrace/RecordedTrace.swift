import Netlink
@testable import Probes

/// Messages of a kernel 6.18, read from their sockets while `ping -c 1 127.0.0.1` ran against these rules:
///
///     table inet fw {
///         chain b { ip daddr 127.0.0.1 counter              # handle 4
///                   icmp type echo-request return }         # handle 5
///         chain a { icmp type echo-request jump b }         # handle 6
///         chain in { type filter hook input priority 0; policy accept
///                    ip protocol icmp counter               # handle 7
///                    jump a }                               # handle 8
///     }
///     iptables-legacy: -A INPUT -p icmp -j sub; -A INPUT -p icmp -j ACCEPT; -A sub -p tcp -j ACCEPT
enum RecordedTrace {
    /// From annotated hex: what stands behind `//` is a remark.
    static func bytes(_ annotated: String) -> [UInt8] {
        let digits = annotated.split(separator: "\n").flatMap { line in
            (line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line).compactMap(\.hexDigitValue)
        }
        return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    static func message(_ annotated: String) throws -> TraceMessage? {
        Array(NetlinkMessages(bytes(annotated)[...])).first.flatMap { TraceMessage($0) }
    }

    /// The first message of the packet in chain `in`: it alone carries the packet.
    static let first = """
        a8000000 110a 0000 00000000 00000000  // struct nlmsghdr: 168 B, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE
        01 00 0000                            // struct nfgenmsg: NFPROTO_INET
        0800 0f00 00000002                    // NFTA_TRACE_NFPROTO: IPv4
        0800 0400 00000003                    // NFTA_TRACE_TYPE: NFT_TRACETYPE_RULE
        0800 0600 de9f5f67                    // NFTA_TRACE_ID
        0700 0200 696e00 00                   // NFTA_TRACE_CHAIN: "in"
        0700 0100 667700 00                   // NFTA_TRACE_TABLE: "fw"
        0c00 0300 0000000000000007            // NFTA_TRACE_RULE_HANDLE: 7
        0c00 0500 0800 0100 ffffffff          // NFTA_TRACE_VERDICT: NFT_CONTINUE
        0800 0a00 00000001                    // NFTA_TRACE_IIF: lo
        0600 0b00 0304 0000                   // NFTA_TRACE_IIFTYPE: ARPHRD_LOOPBACK
        1800 0800 45000054 a6394000 4001966d 7f000001 7f000001  // NFTA_TRACE_NETWORK_HEADER
        1800 0900 08007cf4 4c7f0001 5103076b 00000000 0d4a0a00  // NFTA_TRACE_TRANSPORT_HEADER
        1200 0700 00000000 00000000 00000000 0800 0000          // NFTA_TRACE_LL_HEADER
        """
    /// Rule 8 of the same packet: no headers.
    static let jump = """
        5c000000 110a 0000 00000000 00000000  // struct nlmsghdr
        01 00 0000                            // struct nfgenmsg
        0800 0f00 00000002                    // NFTA_TRACE_NFPROTO
        0800 0400 00000003                    // NFTA_TRACE_TYPE: rule
        0800 0600 de9f5f67                    // NFTA_TRACE_ID
        0700 0200 696e00 00                   // NFTA_TRACE_CHAIN: "in"
        0700 0100 667700 00                   // NFTA_TRACE_TABLE
        0c00 0300 0000000000000008            // NFTA_TRACE_RULE_HANDLE: 8
        1400 0500 0800 0100 fffffffd 0600 0200 6100 0000  // NFTA_TRACE_VERDICT: NFT_JUMP to "a"
        """
    /// Rule 5, in chain `b`.
    static let back = """
        54000000 110a 0000 00000000 00000000
        01 00 0000
        0800 0f00 00000002
        0800 0400 00000003
        0800 0600 de9f5f67
        0600 0200 6200 0000                   // NFTA_TRACE_CHAIN: "b"
        0700 0100 667700 00
        0c00 0300 0000000000000005            // NFTA_TRACE_RULE_HANDLE: 5
        0c00 0500 0800 0100 fffffffb          // NFTA_TRACE_VERDICT: NFT_RETURN
        """
    /// Rule 6, in chain `a`.
    static let jumpOn = """
        5c000000 110a 0000 00000000 00000000
        01 00 0000
        0800 0f00 00000002
        0800 0400 00000003
        0800 0600 de9f5f67
        0600 0200 6100 0000                   // NFTA_TRACE_CHAIN: "a"
        0700 0100 667700 00
        0c00 0300 0000000000000006            // NFTA_TRACE_RULE_HANDLE: 6
        1400 0500 0800 0100 fffffffd 0600 0200 6200 0000  // NFTA_TRACE_VERDICT: NFT_JUMP to "b"
        """
    /// The end of chain `a`, where no rule had the last word.
    static let end = """
        48000000 110a 0000 00000000 00000000
        01 00 0000
        0800 0f00 00000002
        0800 0400 00000003
        0800 0600 de9f5f67
        0600 0200 6100 0000                   // NFTA_TRACE_CHAIN: "a"; no NFTA_TRACE_RULE_HANDLE
        0700 0100 667700 00
        0c00 0500 0800 0100 ffffffff          // NFTA_TRACE_VERDICT: NFT_CONTINUE
        """
    static let policy = """
        44000000 110a 0000 00000000 00000000
        01 00 0000
        0800 0f00 00000002
        0800 0400 00000001                    // NFTA_TRACE_TYPE: NFT_TRACETYPE_POLICY
        0800 0600 de9f5f67
        0700 0200 696e00 00                   // NFTA_TRACE_CHAIN: "in"
        0700 0100 667700 00
        0800 1000 00000001                    // NFTA_TRACE_POLICY: NF_ACCEPT
        """
    /// The packet as a capture has it, from its IP header on.
    static let packet = """
        45000054 a6394000 4001966d 7f000001 7f000001
        08007cf4 4c7f0001 5103076b 00000000 0d4a0a00 00000000 10111213 14151617 18191a1b 1c1d1e1f
        20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637
        """
    /// The same packet in the first rule of the legacy INPUT, as nfnetlink_log tells it.
    static let legacy = """
        ec000000 0004 0000 00000000 00000000  // struct nlmsghdr: NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET
        02 00 0000                            // struct nfgenmsg: AF_INET, group 0
        0800 0100 0800 01 00                  // NFULA_PACKET_HDR: IPv4, NF_INET_LOCAL_IN
        2000 0a00 54524143 453a2066 696c7465 723a494e 5055543a 72756c65 3a312000  // NFULA_PREFIX: "TRACE: filter:INPUT:rule:1 "
        0800 0400 00000001                    // NFULA_IFINDEX_INDEV: lo
        1000 0800 0006 0000 00000000 0000 0000  // NFULA_HWADDR
        0600 0f00 0304 0000                   // NFULA_HWTYPE
        0600 1100 000e 0000                   // NFULA_HWLEN
        1200 1000 00000000 00000000 00000000 0800 0000  // NFULA_HWHEADER
        1400 0300 00000000 6b070351 00000000 000a4b30   // NFULA_TIMESTAMP
        0800 0c00 00000001                    // NFULA_SEQ
        5800 0900 45000054 a6394000 4001966d 7f000001 7f000001 08007cf4 4c7f0001
        5103076b 00000000 0d4a0a00 00000000 10111213 14151617 18191a1b 1c1d1e1f
        20212223 24252627 28292a2b 2c2d2e2f 30313233 34353637
        """
}
