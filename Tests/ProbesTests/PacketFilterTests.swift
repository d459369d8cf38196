import Testing
import Wire

@testable import Probes

@Suite struct PacketFilterTests {
    /// IPv4 without options: ICMP echo request, 172.19.0.2 > 198.51.100.1, 28 bytes.
    static let echo: [UInt8] = [
        0x45, 0, 0, 28, 0x12, 0x34, 0x40, 0, 64, 1, 0, 0,  // version, length, id, DF, TTL 64, ICMP
        172, 19, 0, 2, 198, 51, 100, 1,
        8, 0, 0, 0, 0x13, 0x89, 0, 1,  // echo request, id 5001, sequence 1
    ]
    static let frame: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00] + echo

    private func matches(_ filter: String, _ packet: [UInt8], _ linkType: LinkType) throws -> Bool {
        let filter = try PacketFilter(filter)
        return packet.withUnsafeBytes { filter.matches($0, linkType: linkType, originalLength: packet.count) }
    }

    @Test(
        "decides the same on a frame and on the bare IP packet",
        arguments: [
            ("icmp", true), ("icmp[icmptype] = icmp-echo", true), ("src host 172.19.0.2", true),
            ("dst net 198.51.100.0/24", true), ("tcp", false), ("host 203.0.113.2", false), ("ip6", false),
        ])
    func decides(filter: String, expected: Bool) throws {
        #expect(try matches(filter, Self.frame, .ethernet) == expected)
        #expect(try matches(filter, Self.echo, .raw) == expected)
    }

    /// Port unreachable from 198.51.100.1, which quotes 172.19.0.2:5000 > 198.51.100.1:53, UDP.
    static let portUnreachable: [UInt8] =
        [
            0x45, 0, 0, 56, 0x12, 0x34, 0, 0, 64, 1, 0, 0,  // version, length, id, TTL 64, ICMP
            198, 51, 100, 1, 172, 19, 0, 2,
            3, 3, 0, 0, 0, 0, 0, 0,  // destination unreachable, port
        ] + [
            0x45, 0, 0, 28, 0x12, 0x35, 0x40, 0, 63, 17, 0, 0,  // the quotation
            172, 19, 0, 2, 198, 51, 100, 1,
            0x13, 0x88, 0, 53, 0, 8, 0, 0,
        ]

    @Test(
        "an ICMP error matches by the packet that it quotes",
        arguments: [
            ("udp port 53", true), ("udp and src host 172.19.0.2", true), ("udp port 54", false), ("tcp", false),
        ])
    func quotation(filter: String, expected: Bool) throws {
        let filter = try PacketFilter(filter)
        for (link, packet) in [
            (LinkType.raw, Self.portUnreachable), (.ethernet, Self.frame.prefix(14) + Self.portUnreachable),
        ] {
            var headers = PacketHeaders()
            packet.withUnsafeBytes {
                headers.read($0.bytes, linkType: link, originalLength: packet.count)
                #expect(filter.matchesQuotation($0, headers) == expected)
            }
        }
        var headers = PacketHeaders()
        Self.echo.withUnsafeBytes {
            headers.read($0.bytes, linkType: .raw, originalLength: Self.echo.count)
            #expect(!filter.matchesQuotation($0, headers))
        }
    }

    @Test func `a filter by MAC address matches no packet without one`() throws {
        #expect(try matches("ether src 02:00:00:00:00:02", Self.frame, .ethernet))
        #expect(try !matches("ether src 02:00:00:00:00:02", Self.echo, .raw))
    }

    @Test func `a wrong filter is told in one line with libpcap's words`() {
        #expect {
            _ = try PacketFilter("icmp and and")
        } throws: { error in
            let text = "\(error)"
            return text.hasPrefix("cannot compile the filter \"icmp and and\": ") && text.contains("syntax error")
                && !text.contains("\n")
        }
    }

    @Test(
        "a name is refused, not looked up",
        arguments: ["host example.net", "net example", "icmp or src host a.example", "gateway example.org"])
    func refusesNames(filter: String) {
        #expect(throws: ProbeError.self) { try PacketFilter(filter) }
    }

    @Test(
        "words of pcap-filter(7) are no names",
        arguments: [
            "tcp port http", "udp port domain", "host 192.0.2.1 and not broadcast", "ip proto \\tcp",
            "icmp[icmptype] != icmp-echoreply", "ip6 host 2001:db8::1", "portrange 80-443",
        ])
    func takesWords(filter: String) throws {
        _ = try PacketFilter(filter)
    }
}
