internal import Network
internal import Wire

/// The bytes of a packet: link, network and transport headers with their addresses replaced. They end where something
/// begins that is not understood well enough to say what it gives away.
extension Anonymizer {
    mutating func packet(
        _ bytes: UnsafeRawBufferPointer, linkType: LinkType, _ headers: PacketHeaders
    ) -> [UInt8] {
        var packet = Array(bytes)
        let network: Int
        // Where an EtherType stands: of other ones, which may hold packets as well, nothing is kept.
        var type: Int?
        switch linkType {
        case .ethernet:
            guard packet.count >= 14 else { return [] }
            replaceMAC(&packet, 0)
            replaceMAC(&packet, 6)
            // Behind VLAN tags, but before any tunnel.
            var offset = 12
            while offset + 4 <= packet.count, [0x8100, 0x88a8, 0x9100].contains(Self.u16(packet, offset)) {
                offset += 4
            }
            type = offset
            network = offset + 2
        case .linuxSLL:
            guard packet.count >= 16 else { return [] }
            if Self.u16(packet, 4) == 6 { replaceMAC(&packet, 6) } else { Self.clear(&packet, 6..<14) }
            type = 14
            network = 16
        case .linuxSLL2:
            guard packet.count >= 20 else { return [] }
            if packet[11] == 6 { replaceMAC(&packet, 12) } else { Self.clear(&packet, 12..<20) }
            type = 0
            network = 20
        case .raw, .ipv4, .ipv6, .bsdRaw, .openBSDRaw:
            network = 0
        default:
            return []
        }
        if let type, type + 2 > packet.count || ![0x0800, 0x0806, 0x86dd].contains(Self.u16(packet, type)) {
            return Array(packet.prefix(network))
        }
        let end = networkEnd(&packet, network, headers)
        return Array(packet.prefix(end))
    }

    /// Rewrites the network header; gives where what may be kept ends.
    private mutating func networkEnd(_ packet: inout [UInt8], _ start: Int, _ headers: PacketHeaders) -> Int {
        guard packet.count > start else { return min(start, packet.count) }
        let isARP = headers.network == .arp
        if isARP {
            // Hardware Ethernet, protocol IPv4 (RFC 826).
            guard packet.count >= start + 28, Self.u16(packet, start) == 1, Self.u16(packet, start + 2) == 0x0800,
                packet[start + 4] == 6, packet[start + 5] == 4
            else { return start }
            replaceMAC(&packet, start + 8)
            replaceIPv4(&packet, start + 14)
            replaceMAC(&packet, start + 18)
            replaceIPv4(&packet, start + 24)
            return start + 28
        }
        let transport: Int
        let number: UInt8
        switch (packet[start] >> 4, headers.network) {
        case (4, .ipv4), (4, .ipv6):
            guard packet.count >= start + 20 else { return start }
            replaceIPv4(&packet, start + 12)
            replaceIPv4(&packet, start + 16)
            Self.sumIPv4(&packet, start)
            // Options can carry addresses (record route).
            guard packet[start] & 15 == 5, Self.u16(packet, start + 6) & 0x1fff == 0 else { return start + 20 }
            transport = start + 20
            number = packet[start + 9]
        case (6, .ipv4), (6, .ipv6):
            guard packet.count >= start + 40 else { return start }
            replaceIPv6(&packet, start + 8)
            replaceIPv6(&packet, start + 24)
            transport = start + 40
            number = packet[start + 6]
        default:
            return start
        }
        // A sum over the payload could confirm a guess at it.
        switch IPProtocol(rawValue: number) {
        case .tcp where packet.count >= transport + 20:
            Self.clear(&packet, transport + 16..<transport + 18)
            return transport + 20
        case .udp where packet.count >= transport + 8:
            Self.clear(&packet, transport + 6..<transport + 8)
            return transport + 8
        case .icmp where packet.count >= transport + 8, .icmpv6 where packet.count >= transport + 8:
            Self.clear(&packet, transport + 2..<transport + 4)
            // An echo's identifier and number; a redirect names a gateway there.
            return headers.isEcho && headers.tunnelKind == .none ? transport + 8 : transport + 4
        default:
            return transport
        }
    }

    private mutating func replaceIPv4(_ packet: inout [UInt8], _ offset: Int) {
        guard let address = IPAddress(bytes: packet[offset..<offset + 4]) else { return }
        packet.replaceSubrange(offset..<offset + 4, with: anonymize(address).bytes)
    }

    private mutating func replaceIPv6(_ packet: inout [UInt8], _ offset: Int) {
        guard let address = IPAddress(bytes: packet[offset..<offset + 16]) else { return }
        packet.replaceSubrange(offset..<offset + 16, with: anonymize(address).bytes)
    }

    private func replaceMAC(_ packet: inout [UInt8], _ offset: Int) {
        guard let address = MACAddress(bytes: packet[offset..<offset + 6]) else { return }
        let value = anonymize(address).value
        for index in 0..<6 { packet[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(40 - 8 * index)) }
    }

    private static func u16(_ packet: [UInt8], _ offset: Int) -> Int {
        Int(packet[offset]) << 8 | Int(packet[offset + 1])
    }

    private static func clear(_ packet: inout [UInt8], _ range: Range<Int>) {
        for index in range where index < packet.count { packet[index] = 0 }
    }

    /// The header's own sum (RFC 1071), over its first 20 bytes.
    private static func sumIPv4(_ packet: inout [UInt8], _ start: Int) {
        clear(&packet, start + 10..<start + 12)
        guard packet[start] & 15 == 5 else { return }
        var sum = stride(from: start, to: start + 20, by: 2).reduce(0) { $0 + u16(packet, $1) }
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        packet[start + 10] = UInt8(~sum >> 8 & 255)
        packet[start + 11] = UInt8(~sum & 255)
    }
}
