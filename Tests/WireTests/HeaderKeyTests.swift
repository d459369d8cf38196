import TestSupport
import Testing
import Wire

/// A packet is known again by the few bytes that a rule trace carries.
@Suite struct HeaderKeyTests {
    /// TCP SYN 172.19.0.2:40000 > 198.51.100.1:443.
    private static let tcp = hex(
        """
        4500003c 12344000 4006abcd ac130002 c6336401  // IPv4: 60 bytes, id 0x1234, DF, TTL 64
        9c4001bb 00000001 00000000 a002faf0 bead0000  // TCP: ports, sequence 1, SYN, checksum 0xbead
        020405b4 0402080a 00000001 00000000 01030307  // options
        """)
    /// An echo request over IPv6, 24 bytes of ICMPv6.
    private static let echo6 = hex(
        """
        60000000 00183a40 20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002
        8000beef 12340001 00010203 04050607 08090a0b 0c0d0e0f
        """)

    private func key(_ packet: [UInt8]) -> HeaderKey? { HeaderKey(packet: packet.span.bytes, linkType: .raw) }

    private func traced(_ packet: [UInt8], header: Int) -> HeaderKey? {
        HeaderKey(
            network: packet.span.bytes.extracting(0..<min(header, 40)),
            transport: packet.span.bytes.extracting(header..<min(header + 20, packet.count)))
    }

    @Test func `the headers of a trace give the key of the whole packet`() {
        #expect(key(Self.tcp) != nil && key(Self.tcp) == traced(Self.tcp, header: 20))
        #expect(key(Self.echo6) != nil && key(Self.echo6) == traced(Self.echo6, header: 40))
        let frame = hex("ffffffffffff 020000000001 8100 0007 0800") + Self.tcp
        #expect(HeaderKey(packet: frame.span.bytes, linkType: .ethernet) == key(Self.tcp))
    }

    @Test func `what routers and offload rewrite is left out`() {
        var packet = Self.tcp
        for (offset, value) in [(1, UInt8(0x88)), (8, 63), (10, 1), (11, 2), (36, 3), (37, 4)] {
            packet[offset] = value
        }
        #expect(key(packet) == key(Self.tcp))
        var ping = Self.echo6
        for (offset, value) in [(7, UInt8(63)), (42, 1), (43, 2)] { ping[offset] = value }
        #expect(key(ping) == key(Self.echo6))
    }

    @Test(
        "every other byte that a trace carries counts",
        arguments: [2, 3, 4, 5, 6, 9, 12, 16, 19, 20, 22, 24, 28, 33, 34, 38])
    func counts(offset: Int) {
        var packet = Self.tcp
        packet[offset] ^= 1
        #expect(key(packet) != key(Self.tcp))
    }

    @Test func `what stands behind those bytes does not`() {
        var packet = Self.tcp
        packet[45] ^= 1
        #expect(key(packet) == key(Self.tcp))
    }

    @Test func `extension headers leave the two comparable`() {
        // Hop-by-hop options before the ICMPv6 message: the trace's transport header begins behind them.
        var packet = Self.echo6
        packet[6] = 0
        packet[5] = 0x20
        packet.insert(contentsOf: hex("3a00 0104 00000000"), at: 40)
        let trace = HeaderKey(
            network: packet.span.bytes.extracting(0..<40), transport: packet.span.bytes.extracting(48..<68))
        #expect(trace != nil && trace == key(packet))
    }

    @Test func `ARP has a key, other bytes have none, and nothing traps`() {
        let arp = hex("0001 0800 0604 0001 020000000001 ac130002 000000000000 ac130001")
        #expect(HeaderKey(network: arp.span.bytes, transport: [UInt8]().span.bytes) != nil)
        for end in 0..<Self.tcp.count {
            let cut = Array(Self.tcp.prefix(end))
            if end < 40 { #expect(key(cut) == nil) } else { #expect(key(cut) == key(Self.tcp)) }
        }
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let count = Int.random(in: 0...80, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            for type in [LinkType.raw, .ethernet, .null] { _ = HeaderKey(packet: bytes.span.bytes, linkType: type) }
            _ = HeaderKey(network: bytes.span.bytes, transport: bytes.span.bytes)
        }
    }
}
