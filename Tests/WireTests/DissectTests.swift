import Testing
import Wire

/// Each sample's fields, written from the bytes' remarks and the protocols' own documents.
@Suite struct DissectTests {
    private let client = "172.19.0.2"
    private let server = "198.51.100.1"

    @Test func ping() throws {
        let found = headers(of: SampleFrame.ping.bytes)
        #expect(found.macDestination == (try mac("02:00:00:00:00:02")))
        #expect(found.macSource == (try mac("02:00:00:00:00:01")))
        #expect(found.etherType == 0x0800)
        #expect(found.network == .ipv4)
        #expect(found.source == (try address(client)))
        #expect(found.destination == (try address(server)))
        #expect(found.dscp == 46)
        #expect(found.length == 84)
        #expect(found.identification == 5001)
        #expect(found.ttl == 64)
        #expect(found.ipProtocol == .icmp)
        #expect(found.isEchoRequest)
        #expect(found.icmpIdentifier == 5001)
        #expect(found.icmpSequence == 1)
        #expect(found.payloadLength == 56)
        #expect(found.payloadOffset == 42)
        #expect(found.networkOffset == 14)
        #expect(found.flags == [.hasMACSource, .hasMACDestination, .dontFragment, .hasTransport])
        #expect(found.label != 0)
    }

    @Test func tcpSyn() {
        let found = headers(of: SampleFrame.tcpSyn.bytes)
        #expect(found.ipProtocol == .tcp)
        #expect(found.sourcePort == 40104)
        #expect(found.destinationPort == 443)
        #expect(found.tcpSequence == 0x0102_0304)
        #expect(found.tcpFlags == 2)
        #expect(found.tcpMaximumSegmentSize == 1460)
        #expect(found.tcpTimestamp == 0xdead_0001)
        #expect(found.flags.contains(.hasTCPTimestamp))
        #expect(found.payloadLength == 0)
    }

    @Test func tcpData() {
        let found = headers(of: SampleFrame.tcpData.bytes)
        #expect(found.tcpAcknowledgement == 0x0a0b_0c0d)
        #expect(found.tcpFlags == 0x18)
        #expect(found.tcpTimestamp == 0xdead_0002)
        #expect(found.payloadLength == 6)
        #expect(found.payloadOffset == 66)
    }

    @Test func `the link's padding is no payload`() {
        let found = headers(of: SampleFrame.udp.bytes)
        #expect(found.sourcePort == 5001)
        #expect(found.destinationPort == 5002)
        #expect(found.payloadLength == 3)
        #expect(found.length == 31)
        let unpadded = Array(SampleFrame.udp.bytes.prefix(45))
        #expect(found.label == headers(of: unpadded).label)
    }

    @Test func `stacked VLAN tags`() {
        let found = headers(of: SampleFrame.doubleTagged.bytes)
        #expect(found.vlan == 100)
        #expect(found.innerVLAN == 200)
        #expect(found.etherType == 0x0800)
        #expect(found.networkOffset == 22)
        #expect(found.destinationPort == 5002)
    }

    @Test func arp() throws {
        let found = headers(of: SampleFrame.arpRequest.bytes)
        #expect(found.network == .arp)
        #expect(found.arpOperation == 1)
        #expect(found.source == (try address(client)))
        #expect(found.destination == (try address("172.19.0.1")))
        #expect(found.neighbourMAC == (try mac("02:00:00:00:00:01")))
        #expect(found.length == 42)
    }

    @Test func `fragments share the datagram's key and have labels of their own`() {
        let first = headers(of: SampleFrame.firstFragment.bytes)
        let later = headers(of: SampleFrame.laterFragment.bytes)
        #expect(first.isFragment && later.isFragment)
        #expect(first.fragmentOffset == 0)
        #expect(first.flags.contains(.moreFragments))
        #expect(first.flags.contains(.hasTransport))
        #expect(first.destinationPort == 5002)
        #expect(first.payloadLength == 8)
        #expect(later.fragmentOffset == 16)
        #expect(!later.flags.contains(.moreFragments))
        #expect(!later.flags.contains(.hasTransport))
        #expect(later.destinationPort == 0)
        #expect(later.payloadLength == 16)
        #expect(first.datagramKey == later.datagramKey)
        #expect(first.datagramKey != 0)
        #expect(first.label != later.label)
    }

    @Test func `IPv4 options are stepped over`() {
        let found = headers(of: SampleFrame.options.bytes)
        #expect(found.sourcePort == 5001)
        #expect(found.payloadLength == 3)
        #expect(found.payloadOffset == 46)
    }

    @Test func ping6() throws {
        let found = headers(of: SampleFrame.ping6.bytes)
        #expect(found.network == .ipv6)
        #expect(found.source == (try address("2001:db8::2")))
        #expect(found.destination == (try address("2001:db8:0:1::1")))
        #expect(found.dscp == 46)
        #expect(found.ttl == 64)
        #expect(found.length == 56)
        #expect(found.isEchoRequest)
        #expect(found.icmpIdentifier == 5001)
        #expect(found.icmpSequence == 2)
        #expect(found.payloadLength == 8)
    }

    @Test func `IPv6 extension headers are stepped over`() {
        let found = headers(of: SampleFrame.extensionHeaders.bytes)
        #expect(found.ipProtocol == .udp)
        #expect(found.sourcePort == 5001)
        #expect(found.payloadLength == 3)
        #expect(found.length == 91)
    }

    @Test func `IPv6 fragment`() {
        let found = headers(of: SampleFrame.fragment6.bytes)
        #expect(found.ipProtocol == .udp)
        #expect(found.fragmentOffset == 1448)
        #expect(found.flags.contains(.moreFragments))
        #expect(found.identification == 0x5678)
        #expect(!found.flags.contains(.hasTransport))
        #expect(found.payloadLength == 8)
        #expect(found.datagramKey != 0)
    }

    @Test func `neighbour solicitation`() throws {
        let found = headers(of: SampleFrame.neighbourSolicitation.bytes)
        #expect(found.icmpType == 135)
        #expect(found.neighbourTarget == (try address("2001:db8::1")))
        #expect(found.neighbourMAC == (try mac("02:00:00:00:00:01")))
    }

    @Test func `the packet quoted in an ICMP error`() throws {
        let found = headers(of: SampleFrame.fragmentationNeeded.bytes)
        #expect(found.icmpType == 3)
        #expect(found.icmpCode == 4)
        #expect(found.reportedMTU == 1300)
        #expect(found.flags.contains(.quotesPacket))
        #expect(found.source == (try address("203.0.113.1")))
        #expect(found.quotedSource == (try address(client)))
        #expect(found.quotedDestination == (try address(server)))
        #expect(found.quotedProtocol == .udp)
        #expect(found.quotedSourcePort == 5001)
        #expect(found.quotedDestinationPort == 5002)
        #expect(found.quotedIdentification == 0xbef1)
        #expect(found.quotedLabel == 0, "eight bytes of 1480 do not make a label")
    }

    @Test func `the packet quoted in an ICMPv6 error`() throws {
        let found = headers(of: SampleFrame.packetTooBig.bytes)
        #expect(found.icmpType == 2)
        #expect(found.reportedMTU == 1280)
        #expect(found.quotedSource == (try address("2001:db8::2")))
        #expect(found.quotedProtocol == .icmpv6)
        #expect(found.quotedSourcePort == 5001)
        #expect(found.quotedDestinationPort == 5001)
        // The same packet met on the link, with another hop limit.
        let alone = hex(
            """
            60 00 00 00  00 18 3a 40
            20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02
            20 01 0d b8 00 00 00 01 00 00 00 00 00 00 00 01
            80 00 be ef  13 89 00 02  01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10
            """)
        #expect(found.quotedLabel == headers(of: alone, as: .raw).label)
    }

    @Test func sctp() {
        let found = headers(of: SampleFrame.sctp.bytes)
        #expect(found.ipProtocol == .sctp)
        #expect(found.sourcePort == 2905)
        #expect(found.destinationPort == 2906)
        #expect(found.sctpChunkType == 1)
        #expect(found.payloadLength == 20)
    }

    @Test(arguments: [
        (SampleFrame.greWithKey, PacketHeaders.TunnelKind.gre, UInt32(42), "02:00:00:00:00:01"),
        (SampleFrame.greEthernet, .gre, 0, "02:00:00:00:00:11"),
        (SampleFrame.vxlan, .vxlan, 42, "02:00:00:00:00:11"),
        (SampleFrame.ipip, .ipip, 0, "02:00:00:00:00:01"),
    ])
    func `a tunnel's inner packet has the label that it has outside`(
        _ sample: SampleFrame, kind: PacketHeaders.TunnelKind, identifier: UInt32, source: String
    ) throws {
        let found = headers(of: sample.bytes)
        #expect(found.tunnelKind == kind)
        #expect(found.tunnelIdentifier == identifier)
        #expect(found.tunnelSource == (try address("203.0.113.2")))
        #expect(found.tunnelDestination == (try address("203.0.113.3")))
        #expect(found.source == (try address(client)))
        #expect(found.destination == (try address(server)))
        #expect(found.macSource == (try mac(source)))
        #expect(found.length == 31)
        #expect(found.payloadLength == 3)
        #expect(found.label == headers(of: SampleFrame.udp.bytes).label)
    }

    @Test func `IPv6 in IPv4`() throws {
        let found = headers(of: SampleFrame.sixInFour.bytes)
        #expect(found.tunnelKind == .ipip)
        #expect(found.tunnelSource == (try address("203.0.113.2")))
        #expect(found.network == .ipv6)
        #expect(found.identification == 0)
        #expect(found.label == headers(of: SampleFrame.ping6.bytes).label)
    }

    @Test(arguments: [
        SampleFrame.cooked1, .cooked2, .rawIPv4, .loopback, .nflog, .doubleTagged,
    ])
    func `a packet has the same label behind every link layer`(_ sample: SampleFrame) throws {
        let found = headers(of: sample.bytes, as: sample.linkType)
        #expect(found.source == (try address(client)))
        #expect(found.destinationPort == 5002)
        #expect(found.length == 31)
        #expect(found.label == headers(of: SampleFrame.udp.bytes).label)
    }

    @Test func `cooked and NFLOG captures know the sender's hardware address`() throws {
        for sample in [SampleFrame.cooked1, .cooked2, .nflog] {
            let found = headers(of: sample.bytes, as: sample.linkType)
            #expect(found.flags.contains(.hasMACSource))
            #expect(!found.flags.contains(.hasMACDestination))
            #expect(found.macSource == (try mac("02:00:00:00:00:01")))
        }
    }

    @Test func `a packet above 64 KiB, whose header says 0, has the capture's length`() {
        var frame = SampleFrame.tcpData.bytes
        frame[16] = 0
        frame[17] = 0
        let found = dissect(frame.span.bytes, linkType: .ethernet, originalLength: 100_014)
        #expect(found.length == 100_000)
        #expect(found.payloadLength == 100_000 - 20 - 32)
        #expect(found.tcpSequence == 0x0102_0305)
    }

    @Test func `headers that contradict themselves`() {
        let changes: [(SampleFrame, Int, UInt8)] = [
            (.udp, 14, 0x65),  // IPv6's version under IPv4's type
            (.udp, 14, 0x44),  // an IPv4 header of 16 bytes
            (.udp, 17, 19),  // a packet shorter than its header
            (.udp, 39, 7),  // a UDP datagram shorter than its header
            (.tcpData, 46, 0x40),  // a TCP header of 16 bytes
            (.tcpData, 17, 30),  // a packet that ends within the TCP header
            (.ping6, 14, 0x40),  // IPv4's version under IPv6's type
            (.neighbourSolicitation, 79, 0),  // an option of no length
        ]
        for (sample, offset, value) in changes {
            var frame = sample.bytes
            frame[offset] = value
            #expect(headers(of: frame).flags.contains(.malformed), "\(sample.name) at \(offset)")
        }
    }

    @Test func `a frame of another protocol keeps its link layer and gets a label`() {
        let lldp = hex("01 80 c2 00 00 0e  02 00 00 00 00 01  88 cc  02 07 04 02 00 00 00 00 01")
        let found = headers(of: lldp)
        #expect(found.network == .other)
        #expect(found.etherType == 0x88cc)
        #expect(found.flags == [.hasMACSource, .hasMACDestination])
        #expect(found.label != 0)
    }

    @Test func `an unknown link type gives only the length`() {
        let found = headers(of: SampleFrame.udp.bytes, as: LinkType(rawValue: 147))
        var expected = PacketHeaders()
        expected.length = 60
        #expect(found == expected)
    }

    @Test func `tunnels in tunnels end`() {
        // 30 IPv4 headers, each carrying the next.
        var packet: [UInt8] = []
        for remaining in (1...30).reversed() {
            packet += hex("45 00") + [UInt8((remaining * 20) >> 8), UInt8((remaining * 20) & 255)]
            packet += hex("00 01 00 00 40 04 00 00 cb 00 71 02 cb 00 71 03")
        }
        let found = headers(of: packet, as: .raw)
        #expect(found.tunnelKind == .ipip)
        #expect(found.length == 26 * 20)
        #expect(found.label != 0)
    }
}
