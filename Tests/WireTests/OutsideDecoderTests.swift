import Testing
import Wire

/// 276 packets made by scapy, field by field against what tshark reads (`fixtures/wire/make.py`).
@Suite struct OutsideDecoderTests {
    @Test func `fields are those that tshark reads`() throws {
        let file = try PcapFile(try Fixture.bytes("mixed.pcap"))
        let first = try Fixture.table("first.tsv")
        let last = try Fixture.table("last.tsv")
        try #require(file.packets.count == first.count && first.count == last.count && first.count > 200)
        var compared = 0
        for (index, packet) in file.packets.enumerated() {
            let found = dissect(
                packet.bytes.span.bytes, linkType: LinkType(rawValue: file.linkType),
                originalLength: packet.originalLength)
            #expect(found.flags.isDisjoint(with: [.truncated, .malformed, .labelCutShort]), "packet \(index + 1)")
            let isError = found.flags.contains(.quotesPacket)
            // In an error the outermost headers are the packet's own; in a tunnel the innermost.
            let expected = isError ? first[index] : last[index]
            for (column, actual) in Self.columns(of: found) {
                guard let cell = expected[column], !cell.isEmpty else { continue }
                #expect(Self.normal(cell) == actual, "packet \(index + 1), \(column)")
                compared += 1
            }
            if isError {
                for (column, actual) in Self.quotedColumns(of: found) {
                    guard let cell = last[index][column], !cell.isEmpty else { continue }
                    #expect(Self.normal(cell) == actual, "packet \(index + 1), quoted \(column)")
                    compared += 1
                }
            }
        }
        #expect(compared > 3000, "compared \(compared) fields")
    }

    /// tshark prints some numbers in hexadecimal.
    private static func normal(_ cell: String) -> String {
        cell.hasPrefix("0x") ? UInt64(cell.dropFirst(2), radix: 16).map(String.init) ?? cell : cell
    }

    private static func columns(of found: PacketHeaders) -> [String: String] {
        var columns: [String: String] = [:]
        if found.flags.contains(.hasMACSource) {
            columns["eth.src"] = "\(found.macSource)"
            columns["eth.dst"] = "\(found.macDestination)"
        }
        let lastVLAN = found.innerVLAN != 0 ? found.innerVLAN : found.vlan
        if lastVLAN != 0 { columns["vlan.id"] = "\(lastVLAN)" }
        switch found.network {
        case .arp:
            columns["arp.opcode"] = "\(found.arpOperation)"
            columns["arp.src.hw_mac"] = "\(found.neighbourMAC)"
            columns["arp.src.proto_ipv4"] = "\(found.source)"
            columns["arp.dst.proto_ipv4"] = "\(found.destination)"
        case .ipv4:
            columns["ip.src"] = "\(found.source)"
            columns["ip.dst"] = "\(found.destination)"
            columns["ip.id"] = "\(found.identification)"
            columns["ip.ttl"] = "\(found.ttl)"
            columns["ip.dsfield.dscp"] = "\(found.dscp)"
            columns["ip.proto"] = "\(found.ipProtocol.rawValue)"
            // tshark prints the field as it stands, in units of eight bytes.
            columns["ip.frag_offset"] = "\(found.fragmentOffset / 8)"
            columns["ip.len"] = "\(found.length)"
        case .ipv6:
            columns["ipv6.src"] = "\(found.source)"
            columns["ipv6.dst"] = "\(found.destination)"
            columns["ipv6.hlim"] = "\(found.ttl)"
            columns["ipv6.tclass.dscp"] = "\(found.dscp)"
        case .other:
            break
        }
        if found.flags.contains(.hasTransport) { columns.merge(transport(of: found)) { $1 } }
        switch found.tunnelKind {
        case .vxlan: columns["vxlan.vni"] = "\(found.tunnelIdentifier)"
        case .gre where found.tunnelIdentifier != 0: columns["gre.key"] = "\(found.tunnelIdentifier)"
        default: break
        }
        return columns
    }

    private static func transport(of found: PacketHeaders) -> [String: String] {
        var columns: [String: String] = [:]
        switch found.ipProtocol {
        case .tcp:
            columns["tcp.srcport"] = "\(found.sourcePort)"
            columns["tcp.dstport"] = "\(found.destinationPort)"
            columns["tcp.seq_raw"] = "\(found.tcpSequence)"
            columns["tcp.ack_raw"] = "\(found.tcpAcknowledgement)"
            columns["tcp.flags"] = "\(found.tcpFlags)"
            columns["tcp.len"] = "\(found.payloadLength)"
            if found.flags.contains(.hasTCPTimestamp) {
                columns["tcp.options.timestamp.tsval"] = "\(found.tcpTimestamp)"
            }
            columns["tcp.options.mss_val"] = "\(found.tcpMaximumSegmentSize)"
        case .udp:
            columns["udp.srcport"] = "\(found.sourcePort)"
            columns["udp.dstport"] = "\(found.destinationPort)"
            // A first fragment's header speaks of the whole datagram.
            if !found.isFragment { columns["udp.length"] = "\(found.payloadLength + 8)" }
        case .sctp:
            columns["sctp.srcport"] = "\(found.sourcePort)"
            columns["sctp.dstport"] = "\(found.destinationPort)"
        case .icmp:
            columns["icmp.type"] = "\(found.icmpType)"
            columns["icmp.code"] = "\(found.icmpCode)"
            if found.isEcho {
                columns["icmp.ident"] = "\(found.icmpIdentifier)"
                columns["icmp.seq"] = "\(found.icmpSequence)"
            }
            if found.icmpType == 3, found.icmpCode == 4 { columns["icmp.mtu"] = "\(found.reportedMTU)" }
        case .icmpv6:
            columns["icmpv6.type"] = "\(found.icmpType)"
            columns["icmpv6.code"] = "\(found.icmpCode)"
            if found.isEcho {
                columns["icmpv6.echo.identifier"] = "\(found.icmpIdentifier)"
                columns["icmpv6.echo.sequence_number"] = "\(found.icmpSequence)"
            }
            if found.icmpType == 2 { columns["icmpv6.mtu"] = "\(found.reportedMTU)" }
            columns["icmpv6.nd.ns.target_address"] = "\(found.neighbourTarget)"
            columns["icmpv6.nd.na.target_address"] = "\(found.neighbourTarget)"
            columns["icmpv6.opt.linkaddr"] = "\(found.neighbourMAC)"
        default:
            break
        }
        return columns
    }

    private static func quotedColumns(of found: PacketHeaders) -> [String: String] {
        var columns: [String: String] = [:]
        if found.network == .ipv4 {
            columns["ip.src"] = "\(found.quotedSource)"
            columns["ip.dst"] = "\(found.quotedDestination)"
            columns["ip.id"] = "\(found.quotedIdentification)"
            columns["ip.proto"] = "\(found.quotedProtocol.rawValue)"
        } else {
            columns["ipv6.src"] = "\(found.quotedSource)"
            columns["ipv6.dst"] = "\(found.quotedDestination)"
        }
        switch found.quotedProtocol {
        case .tcp:
            columns["tcp.srcport"] = "\(found.quotedSourcePort)"
            columns["tcp.dstport"] = "\(found.quotedDestinationPort)"
        case .udp:
            columns["udp.srcport"] = "\(found.quotedSourcePort)"
            columns["udp.dstport"] = "\(found.quotedDestinationPort)"
        case .icmp:
            columns["icmp.ident"] = "\(found.quotedSourcePort)"
        case .icmpv6:
            columns["icmpv6.echo.identifier"] = "\(found.quotedSourcePort)"
        default:
            break
        }
        return columns
    }

    @Test(.enabled(if: !Fixture.fieldCaptures.isEmpty), arguments: Fixture.fieldCaptures)
    func `captures from the field are read to their transport`(_ path: String) throws {
        let file = try PcapFile(try Fixture.fieldCapture(path))
        #expect(!file.packets.isEmpty)
        for (index, packet) in file.packets.enumerated() {
            let found = dissect(
                packet.bytes.span.bytes, linkType: LinkType(rawValue: file.linkType),
                originalLength: packet.originalLength)
            #expect(!found.flags.contains(.malformed), "packet \(index + 1)")
            #expect(found.isIP && found.flags.contains(.hasTransport), "packet \(index + 1)")
            #expect(found.label != 0, "packet \(index + 1)")
        }
    }
}
