import Testing
import Wire

/// A frame typed by hand, with what its headers need of it.
struct SampleFrame: Sendable, CustomTestStringConvertible {
    let name: String
    let linkType: LinkType
    let bytes: [UInt8]
    /// Bytes up to the end of the last header: a capture of fewer is `truncated`.
    let headerLength: Int

    init(_ name: String, _ linkType: LinkType = .ethernet, headerLength: Int, _ text: String) {
        self.name = name
        self.linkType = linkType
        self.headerLength = headerLength
        bytes = hex(text)
    }

    var testDescription: String { name }

    static let all: [SampleFrame] = [
        ping, tcpSyn, tcpData, udp, doubleTagged, arpRequest, laterFragment, firstFragment, options, ping6,
        extensionHeaders, fragment6, neighbourSolicitation, fragmentationNeeded, packetTooBig, sctp, greWithKey,
        greEthernet, vxlan, ipip, sixInFour, cooked1, cooked2, rawIPv4, rawIPv6, loopback, nflog,
    ]

    static let ping = SampleFrame(
        "ping", headerLength: 42,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00   // Ethernet: to, from, IPv4
        45 b8 00 54  13 89 40 00  40 01 00 00         // IPv4: EF, length 84, ID 0x1389, DF, TTL 64, ICMP
        ac 13 00 02  c6 33 64 01                      //   172.19.0.2 > 198.51.100.1
        08 00 12 34  13 89 00 01                      // ICMP: echo request, id 5001, seq 1
        00 01 02 03 04 05 06 07  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24 25 26 27
        28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35 36 37
        """)

    static let tcpSyn = SampleFrame(
        "TCP SYN with MSS and timestamp", headerLength: 74,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00   // Ethernet
        45 00 00 3c  be ef 40 00  3f 06 00 00         // IPv4: length 60, ID 0xbeef, DF, TTL 63, TCP
        ac 13 00 02  c6 33 64 01
        9c a8 01 bb  01 02 03 04  00 00 00 00         // TCP: 40104 > 443, seq 0x01020304
        a0 02 fa f0  00 00 00 00                      //   40 bytes, SYN
        02 04 05 b4  04 02  08 0a de ad 00 01 00 00 00 00  01 03 03 07  // MSS 1460, SACK, TSval, NOP, scale
        """)

    static let tcpData = SampleFrame(
        "TCP data", headerLength: 66,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00   // Ethernet
        45 00 00 3a  be f0 40 00  3f 06 00 00         // IPv4: length 58
        ac 13 00 02  c6 33 64 01
        9c a8 01 bb  01 02 03 05  0a 0b 0c 0d         // TCP: seq, ack
        80 18 01 f5  00 00 00 00                      //   32 bytes, PSH ACK
        01 01 08 0a  de ad 00 02  11 22 33 44         //   NOP NOP timestamp
        47 45 54 20 2f 0a                             // GET /
        """)

    static let udp = SampleFrame(
        "UDP in a padded frame", headerLength: 42,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00   // Ethernet
        45 00 00 1f  00 07 00 00  40 11 00 00         // IPv4: length 31, UDP
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00                      // UDP: 5001 > 5002, length 11
        61 62 63                                      // abc
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  // padding up to 60 bytes
        """)

    static let doubleTagged = SampleFrame(
        "802.1ad and 802.1Q", headerLength: 50,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  88 a8   // Ethernet, service tag
        20 64  81 00                                  // priority 1, VLAN 100; customer tag
        00 c8  08 00                                  // VLAN 200; IPv4
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63            // UDP
        """)

    static let arpRequest = SampleFrame(
        "ARP request", headerLength: 42,
        """
        ff ff ff ff ff ff  02 00 00 00 00 01  08 06   // Ethernet: broadcast, ARP
        00 01  08 00  06 04  00 01                    // Ethernet, IPv4, request
        02 00 00 00 00 01  ac 13 00 02                // sender
        00 00 00 00 00 00  ac 13 00 01                // target
        """)

    static let firstFragment = SampleFrame(
        "IPv4 first fragment", headerLength: 42,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        45 00 00 24  77 77 20 00  40 11 00 00         // length 36, ID 0x7777, MF, offset 0
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 20 00 00                      // UDP: length 32
        61 62 63 64 65 66 67 68
        """)

    static let laterFragment = SampleFrame(
        "IPv4 last fragment", headerLength: 34,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        45 00 00 24  77 77 00 02  40 11 00 00         // length 36, ID 0x7777, offset 16
        ac 13 00 02  c6 33 64 01
        69 6a 6b 6c 6d 6e 6f 70 71 72 73 74 75 76 77 78
        """)

    static let options = SampleFrame(
        "IPv4 with router alert", headerLength: 46,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        46 00 00 23  00 07 00 00  40 11 00 00         // 24-byte header
        ac 13 00 02  c6 33 64 01
        94 04 00 00                                   // router alert
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let ping6 = SampleFrame(
        "IPv6 ping", headerLength: 62,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  86 dd
        6b 80 00 00  00 10 3a 40                      // IPv6: EF, payload 16, ICMPv6, hop limit 64
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
        20 01 0d b8 00 00 00 01 00 00 00 00 00 00 00 01
        80 00 00 00  13 89 00 02                      // echo request, id 5001, seq 2
        01 02 03 04 05 06 07 08
        """)

    static let extensionHeaders = SampleFrame(
        "IPv6 with hop-by-hop, routing and destination options", headerLength: 102,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  86 dd
        60 00 00 00  00 33 00 40                      // payload 51, hop-by-hop
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
        20 01 0d b8 00 00 00 01 00 00 00 00 00 00 00 01
        2b 00 05 02 00 00 01 00                       // hop-by-hop (8): routing next
        3c 02 03 00 00 00 00 00  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  // routing (24)
        11 00 01 04 00 00 00 00                       // destination options (8): UDP next
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let fragment6 = SampleFrame(
        "IPv6 later fragment", headerLength: 62,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  86 dd
        60 00 00 00  00 10 2c 40                      // payload 16, fragment header
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
        20 01 0d b8 00 00 00 01 00 00 00 00 00 00 00 01
        11 00 05 a9  12 34 56 78                      // UDP, offset 1448, M, ID
        61 62 63 64 65 66 67 68
        """)

    static let neighbourSolicitation = SampleFrame(
        "neighbour solicitation", headerLength: 86,
        """
        33 33 ff 00 00 01  02 00 00 00 00 01  86 dd
        60 00 00 00  00 20 3a ff
        fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 02
        ff 02 00 00 00 00 00 00 00 00 00 01 ff 00 00 01
        87 00 00 00  00 00 00 00                      // solicitation
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01  // target
        01 01 02 00 00 00 00 01                       // source link-layer address
        """)

    static let fragmentationNeeded = SampleFrame(
        "fragmentation needed", headerLength: 70,
        """
        02 00 00 00 00 01  02 00 00 00 00 02  08 00
        45 c0 00 38  aa aa 00 00  40 01 00 00         // length 56, ICMP
        cb 00 71 01  ac 13 00 02                      // 203.0.113.1 > 172.19.0.2
        03 04 00 00  00 00 05 14                      // unreachable, fragmentation needed, MTU 1300
        45 00 05 dc  be f1 40 00  3e 11 00 00         // quoted: length 1500, ID 0xbef1, UDP
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  05 c8 00 00                      // quoted: 5001 > 5002
        """)

    static let packetTooBig = SampleFrame(
        "ICMPv6 packet too big", headerLength: 110,
        """
        02 00 00 00 00 01  02 00 00 00 00 02  86 dd
        60 00 00 00  00 48 3a 40
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
        02 00 00 00  00 00 05 00                      // too big, MTU 1280
        60 00 00 00  00 18 3a 3f                      // quoted: payload 24
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
        20 01 0d b8 00 00 00 01 00 00 00 00 00 00 00 01
        80 00 00 00  13 89 00 02                      // quoted: echo request, id 5001, seq 2
        01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10
        """)

    static let sctp = SampleFrame(
        "SCTP INIT", headerLength: 50,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        45 00 00 34  00 09 40 00  40 84 00 00
        ac 13 00 02  c6 33 64 01
        0b 59 0b 5a  00 00 00 00  99 99 99 99         // 2905 > 2906, tag 0, checksum
        01 00 00 14  ca fe ba be  00 01 a0 00 00 0a ff ff 00 00 00 01  // INIT
        """)

    static let greWithKey = SampleFrame(
        "GRE with checksum, key and sequence number", headerLength: 78,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        45 00 00 43  00 01 00 00  40 2f 00 00         // outer IPv4: length 67, GRE
        cb 00 71 02  cb 00 71 03                      // 203.0.113.2 > 203.0.113.3
        b0 00 08 00  00 00 00 00  00 00 00 2a  00 00 00 01  // checksum, key 42, sequence
        45 00 00 1f  00 07 00 00  40 11 00 00         // inner IPv4
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let greEthernet = SampleFrame(
        "GRE with Ethernet inside", headerLength: 80,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        45 00 00 45  00 01 00 00  40 2f 00 00         // length 69
        cb 00 71 02  cb 00 71 03
        00 00 65 58                                   // transparent Ethernet bridging
        02 00 00 00 00 12  02 00 00 00 00 11  08 00   // inner Ethernet
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let vxlan = SampleFrame(
        "VXLAN", headerLength: 92,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        45 00 00 51  00 01 00 00  40 11 00 00         // length 81, UDP
        cb 00 71 02  cb 00 71 03
        c0 00 12 b5  00 3d 00 00                      // UDP: 49152 > 4789, length 61
        08 00 00 00  00 00 2a 00                      // VXLAN: network 42
        02 00 00 00 00 12  02 00 00 00 00 11  08 00   // inner Ethernet
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let ipip = SampleFrame(
        "IP in IP", headerLength: 62,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        45 00 00 33  00 01 00 00  40 04 00 00         // length 51, IP in IP
        cb 00 71 02  cb 00 71 03
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let sixInFour = SampleFrame(
        "IPv6 in IPv4", headerLength: 82,
        """
        02 00 00 00 00 02  02 00 00 00 00 01  08 00
        45 00 00 4c  00 01 00 00  40 29 00 00         // length 76, IPv6
        cb 00 71 02  cb 00 71 03
        6b 80 00 00  00 10 3a 40
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
        20 01 0d b8 00 00 00 01 00 00 00 00 00 00 00 01
        80 00 00 00  13 89 00 02  01 02 03 04 05 06 07 08
        """)

    static let cooked1 = SampleFrame(
        "Linux cooked, version 1", .linuxSLL, headerLength: 44,
        """
        00 04  00 01  00 06  02 00 00 00 00 01 00 00  08 00  // outgoing, Ethernet, address, IPv4
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let cooked2 = SampleFrame(
        "Linux cooked, version 2", .linuxSLL2, headerLength: 48,
        """
        08 00  00 00  00 00 00 05  00 01  00 06  02 00 00 00 00 01 00 00  // IPv4, interface 5, Ethernet, to us
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let rawIPv4 = SampleFrame(
        "raw IPv4", .raw, headerLength: 28,
        """
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let rawIPv6 = SampleFrame(
        "raw IPv6", .ipv6, headerLength: 48,
        """
        6b 80 00 00  00 10 3a 40
        20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
        20 01 0d b8 00 00 00 01 00 00 00 00 00 00 00 01
        80 00 00 00  13 89 00 02  01 02 03 04 05 06 07 08
        """)

    static let loopback = SampleFrame(
        "BSD loopback", .null, headerLength: 32,
        """
        02 00 00 00                                   // AF_INET, little-endian
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)

    static let nflog = SampleFrame(
        "NFLOG", .nflog, headerLength: 76,
        """
        02 00 00 05                                   // nfgenmsg: IPv4, version 0, group 5
        08 00 01 00  08 00 02 00                      // packet header: IPv4, forward
        08 00 04 00  00 00 00 03                      // in device 3
        07 00 0a 00  66 77 00 00                      // prefix "fw", one byte of padding
        10 00 08 00  00 06 00 00 02 00 00 00 00 01 00 00  // source hardware address
        23 00 09 00                                   // payload of 31 bytes
        45 00 00 1f  00 07 00 00  40 11 00 00
        ac 13 00 02  c6 33 64 01
        13 89 13 8a  00 0b 00 00  61 62 63
        """)
}
