import Testing
@testable import Wire

/// Packets in encapsulations and at links of many kinds, made by scapy, against what tshark reads of the innermost one
/// (`fixtures/wire/encapsulations.py`).
@Suite struct EncapsulationTests {
    /// Filters let the same ports through that the decoders know.
    @Test func `the ports of tunnels are one list`() {
        for port in UInt16.min ... .max {
            #expect(TunnelStart.isKnown(port) == PacketHeaders.tunnelPorts.contains(port), "\(port)")
        }
    }

    @Test(arguments: Fixture.encapsulatedLinks)
    func `addresses, ports, protocol and TTL are those that tshark reads`(_ link: UInt16) throws {
        let file = try PcapFile(try Fixture.bytes("encapsulations/link-\(link).pcap"))
        let expected = try Fixture.table("encapsulations/link-\(link).tsv")
        let linkType = LinkType(rawValue: link)
        try #require(file.packets.count == expected.count && !expected.isEmpty && linkType.isRead)
        for (index, packet) in file.packets.enumerated() {
            let kind = expected[index]["kind"] ?? ""
            let found = dissect(packet.bytes.span.bytes, linkType: linkType, originalLength: packet.originalLength)
            #expect(found.flags.isDisjoint(with: [.truncated, .malformed, .labelCutShort]), "\(index + 1) \(kind)")
            let row = expected[index].filter { $0.key != "kind" && !$0.value.isEmpty }
            #expect(Self.row(found) == row, "\(index + 1) \(kind)")
        }
    }

    /// As tshark has it: numbers, and only what is there.
    private static func row(_ found: PacketHeaders) -> [String: String] {
        var row: [String: String] = [:]
        switch found.network {
        case .other: return row
        case .arp:
            return ["arp.src.proto_ipv4": "\(found.source)", "arp.dst.proto_ipv4": "\(found.destination)"]
        case .ipv4:
            row = [
                "ip.src": "\(found.source)", "ip.dst": "\(found.destination)", "ip.ttl": "\(found.ttl)",
                "ip.proto": "\(found.ipProtocol.rawValue)",
            ]
        case .ipv6:
            row = [
                "ipv6.src": "\(found.source)", "ipv6.dst": "\(found.destination)", "ipv6.hlim": "\(found.ttl)",
                "ipv6.nxt": "\(found.ipProtocol.rawValue)",
            ]
        }
        switch found.ipProtocol {
        case .tcp: row["tcp.srcport"] = "\(found.sourcePort)"; row["tcp.dstport"] = "\(found.destinationPort)"
        case .udp: row["udp.srcport"] = "\(found.sourcePort)"; row["udp.dstport"] = "\(found.destinationPort)"
        case .icmp: row["icmp.type"] = "\(found.icmpType)"
        case .icmpv6: row["icmpv6.type"] = "\(found.icmpType)"
        default: break
        }
        return row
    }
}
