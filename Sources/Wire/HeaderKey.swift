/// What one place shows of a packet's headers, hashed: the IP header without what routers rewrite, and the first 20
/// bytes behind it.
///
/// The kernel's rule trace carries just these bytes, too few for a `label`. So a traced packet is known again by its
/// key among the sightings of the same namespace, where NAT has left it with the same addresses.
///
///     HeaderKey(packet: bytes, linkType: .raw) == HeaderKey(network: traced.network, transport: traced.transport)
///
/// Left out: TTL, DSCP and checksums, which offload and hooks rewrite. Cost: four multiplications.
public struct HeaderKey: Hashable, Sendable {
    public let rawValue: UInt64

    /// From a packet as captured. Nil for what is neither IP nor ARP, and where the capture is too short.
    public init?(packet: RawSpan, linkType: LinkType) {
        var offset = 0
        switch linkType {
        case .raw, .ipv4, .ipv6: break
        case .ethernet:
            var type = packet.u16(12)
            offset = 14
            while type == 0x8100 || type == 0x88a8, packet.holds(4, at: offset) {
                type = packet.u16(offset &+ 2)
                offset &+= 4
            }
            guard type == 0x0800 || type == 0x86dd || type == 0x0806 else { return nil }
        default: return nil
        }
        guard packet.holds(20, at: offset) else { return nil }
        let network = packet.extracting(offset..<packet.byteCount)
        let headerLength = network.u8(0) >> 4 == 4 ? Int(network.u8(0) & 15) &* 4 : 40
        let start = min(headerLength, network.byteCount)
        self.init(network: network, transport: network.extracting(start..<network.byteCount))
    }

    /// From the two headers of a NFT_MSG_TRACE (NFTA_TRACE_NETWORK_HEADER, NFTA_TRACE_TRANSPORT_HEADER). Bytes behind
    /// the first 20 of `transport` are not looked at.
    public init?(network: RawSpan, transport: RawSpan) {
        var hash = LabelHash()
        var upper = 20
        let upperProtocol: UInt8
        switch network.u8(0) >> 4 {
        case 4:
            guard network.holds(20, at: 0) else { return nil }
            let total = Int(network.u16(2))
            let header = Int(network.u8(0) & 15) &* 4
            guard header >= 20, total == 0 || total >= header else { return nil }
            if total != 0 { upper = min(upper, total &- header) }
            upperProtocol = network.u8(9)
            hash.mix(UInt64(network.u16(2)) << 32 | UInt64(network.u32(4)), 4 << 8 | UInt64(upperProtocol))
            hash.mix(network.u64(12), 0)
        case 6:
            guard network.holds(40, at: 0) else { return nil }
            upperProtocol = network.u8(6)
            let length = Int(network.u16(4))
            // Where extension headers stand between, the two would begin at different places.
            if PacketHeaders.isExtension(upperProtocol) { upper = 0 } else if length != 0 { upper = min(upper, length) }
            hash.mix(UInt64(network.u16(4)), 6 << 8 | UInt64(upperProtocol))
            hash.mix(network.u64(8), network.u64(16))
            hash.mix(network.u64(24), network.u64(32))
        case 0 where network.u16(2) == 0x0800 && network.holds(28, at: 0):
            // ARP for IPv4 (RFC 826) begins with its hardware type, whose first half byte is 0.
            hash.mix(network.u64(0), network.u64(8))
            hash.mix(network.u64(16), UInt64(network.u32(24)))
            rawValue = hash.label
            return
        default: return nil
        }
        guard transport.holds(upper, at: 0) else { return nil }
        var first = transport.littleEndianWord(0, count: upper)
        var second = transport.littleEndianWord(8, count: upper &- 8)
        var third = transport.littleEndianWord(16, count: upper &- 16)
        switch IPProtocol(rawValue: upperProtocol) {
        case .tcp: third &= ~0xffff  // bytes 16 and 17
        case .udp, .udpLite: first &= 0x0000_ffff_ffff_ffff  // 6 and 7
        case .icmp, .icmpv6: first &= ~0xffff_0000  // 2 and 3
        case .sctp: second &= ~0xffff_ffff  // 8 to 11
        default: break
        }
        hash.mix(first, second)
        hash.mix(third, UInt64(upper))
        rawValue = hash.label
    }
}
