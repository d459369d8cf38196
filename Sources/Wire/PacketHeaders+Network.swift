/// ARP, IPv4 and IPv6.
extension PacketHeaders {
    /// Raw IP: the version says which.
    mutating func readIP(_ bytes: RawSpan, at offset: Int, wireEnd: Int, tunnels: Int) {
        guard require(1, at: offset, in: bytes, end: wireEnd) else { return }
        if !readIPByVersion(bytes, at: offset, wireEnd: wireEnd, tunnels: tunnels) { flags.insert(.malformed) }
    }

    /// Reads what begins at `offset`, where one byte is captured.
    /// - Returns: false where its version is neither 4 nor 6.
    mutating func readIPByVersion(_ bytes: RawSpan, at offset: Int, wireEnd: Int, tunnels: Int) -> Bool {
        networkOffset = UInt16(clamping: offset)
        switch bytes.u8(offset) >> 4 {
        case 4:
            etherType = 0x0800
            readIPv4(bytes, at: offset, wireEnd: wireEnd, tunnels: tunnels)
        case 6:
            etherType = 0x86dd
            readIPv6(bytes, at: offset, wireEnd: wireEnd, tunnels: tunnels)
        default:
            return false
        }
        return true
    }

    /// RFC 826, for IPv4 over six-byte hardware addresses. ARP is never translated, so the label is over all of it.
    mutating func readARP(_ bytes: RawSpan, at offset: Int, wireEnd: Int) {
        guard require(8, at: offset, in: bytes, end: wireEnd) else { return }
        network = .arp
        arpOperation = bytes.u16(offset &+ 6)
        guard bytes.u16(offset &+ 2) == 0x0800, bytes.u16(offset &+ 4) == 0x0604 else { return }
        guard require(28, at: offset, in: bytes, end: wireEnd) else { return }
        neighbourMAC = bytes.macAddress(offset &+ 8)
        source = bytes.ipv4Address(offset &+ 14)
        destination = bytes.ipv4Address(offset &+ 24)
        var hash = LabelHash()
        hash.mix(0x0806 | UInt64(arpOperation) << 16, neighbourMAC.value)
        hash.mix(source.low << 32 | destination.low, bytes.u48(offset &+ 18))
        label = hash.label
    }

    /// RFC 791.
    mutating func readIPv4(_ bytes: RawSpan, at offset: Int, wireEnd: Int, tunnels: Int) {
        guard require(20, at: offset, in: bytes, end: wireEnd) else { return }
        let first = bytes.u8(offset)
        let headerLength = Int(first & 15) &* 4
        let totalLength = Int(bytes.u16(offset &+ 2))
        guard first >> 4 == 4, headerLength >= 20, totalLength == 0 || totalLength >= headerLength else {
            flags.insert(.malformed)
            return
        }
        network = .ipv4
        dscp = bytes.u8(offset &+ 1) >> 2
        identification = bytes.u16(offset &+ 4)
        let fragment = bytes.u16(offset &+ 6)
        if fragment & 0x4000 != 0 { flags.insert(.dontFragment) }
        if fragment & 0x2000 != 0 { flags.insert(.moreFragments) }
        fragmentOffset = (fragment & 0x1fff) &* 8
        ttl = bytes.u8(offset &+ 8)
        ipProtocol = IPProtocol(rawValue: bytes.u8(offset &+ 9))
        source = bytes.ipv4Address(offset &+ 12)
        destination = bytes.ipv4Address(offset &+ 16)
        // BIG TCP: a length above 65535 bytes is written as 0.
        let end = totalLength == 0 ? max(wireEnd, offset &+ headerLength) : offset &+ totalLength
        length = UInt32(truncatingIfNeeded: end &- offset)
        if identification != 0 {
            datagramKey = 4 << 56 | UInt64(ipProtocol.rawValue) << 48 | UInt64(identification)
        }
        guard require(headerLength, at: offset, in: bytes, end: end) else { return }
        readUpperLayer(
            bytes.extracting(first: min(bytes.byteCount, end)), at: offset &+ headerLength, end: end,
            identification: UInt32(identification), tunnels: tunnels)
    }

    /// RFC 8200, with the extension headers that stand between it and the upper layer.
    mutating func readIPv6(_ bytes: RawSpan, at offset: Int, wireEnd: Int, tunnels: Int) {
        guard require(40, at: offset, in: bytes, end: wireEnd) else { return }
        let first = bytes.u32(offset)
        guard first >> 28 == 6 else {
            flags.insert(.malformed)
            return
        }
        network = .ipv6
        dscp = UInt8(truncatingIfNeeded: first >> 22 & 0x3f)
        ttl = bytes.u8(offset &+ 7)
        source = bytes.ipv6Address(offset &+ 8)
        destination = bytes.ipv6Address(offset &+ 24)
        let upperLength = Int(bytes.u16(offset &+ 4))
        let upper = offset &+ 40
        let nextHeader = bytes.u8(offset &+ 6)
        // A jumbogram (RFC 2675) or BIG TCP says 0; so does a packet of nothing but the header.
        let isJumbo = upperLength == 0 && nextHeader != 59
        let end = isJumbo ? max(wireEnd, upper) : upper &+ upperLength
        length = UInt32(truncatingIfNeeded: end &- offset)
        readExtensions(
            bytes.extracting(first: min(bytes.byteCount, end)), at: upper, end: end, nextHeader: nextHeader,
            tunnels: tunnels)
    }

    private mutating func readExtensions(
        _ bytes: RawSpan, at start: Int, end: Int, nextHeader first: UInt8, tunnels: Int
    ) {
        var offset = start
        var nextHeader = first
        var fragmentIdentification: UInt32 = 0
        // Far above what any sender chains; a bound for hostile packets.
        var remaining = 32
        while Self.isExtension(nextHeader) {
            guard remaining > 0 else {
                flags.insert(.malformed)
                return
            }
            remaining &-= 1
            ipProtocol = IPProtocol(rawValue: nextHeader)
            guard require(8, at: offset, in: bytes, end: end) else { return }
            let current = nextHeader
            nextHeader = bytes.u8(offset)
            if current == 44 {
                let fragment = bytes.u16(offset &+ 2)
                let identifier = bytes.u32(offset &+ 4)
                identification = UInt16(truncatingIfNeeded: identifier)
                fragmentOffset = fragment & 0xfff8
                if fragment & 1 != 0 { flags.insert(.moreFragments) }
                offset &+= 8
                guard isFragment else { continue }  // an atomic fragment (RFC 6946) is a whole datagram
                fragmentIdentification = identifier
                datagramKey = 6 << 56 | UInt64(nextHeader) << 48 | UInt64(identifier)
                if fragmentOffset != 0 { break }
            } else {
                // The authentication header counts in 4-byte units less two (RFC 4302), the others in 8 less one.
                let units = Int(bytes.u8(offset &+ 1))
                let extensionLength = current == 51 ? (units &+ 2) &* 4 : (units &+ 1) &* 8
                guard require(extensionLength, at: offset, in: bytes, end: end) else { return }
                offset &+= extensionLength
            }
        }
        ipProtocol = IPProtocol(rawValue: nextHeader)
        let upper = offset
        readUpperLayer(bytes, at: offset, end: end, identification: fragmentIdentification, tunnels: tunnels)
        // A tunnel's inside is another packet.
        if network == .ipv6, tunnels == 0, tunnelKind == .none || isInSession { hashStart(bytes, at: upper) }
    }

    /// The least MTU of a link (RFC 8200 section 5): what is no larger is never fragmented.
    private static let leastMTU: UInt32 = 1280

    /// - Parameter upper: where the upper layer's header begins.
    private mutating func hashStart(_ bytes: RawSpan, at upper: Int) {
        let mayBeCut = isFragment ? fragmentOffset == 0 : length > Self.leastMTU
        guard mayBeCut, ipProtocol != .tcp, flags.contains(.hasTransport),
            flags.isDisjoint(with: [.labelCutShort, .malformed, .quotesPacket])
        else { return }
        var hash = LabelHash()
        // A first fragment says how long the datagram is, where it is UDP.
        let length = ipProtocol == .udp ? bytes.u16(upper &+ 4) : 0
        hash.mix(
            UInt64(ipProtocol.rawValue) << 32 | UInt64(icmpType) << 24 | UInt64(icmpCode) << 16 | UInt64(length),
            UInt64(icmpSequence) << 8 | UInt64(sctpChunkType))
        if hash.mixPayload(bytes, at: Int(payloadOffset), length: Int(payloadLength)) { datagramStart = hash.label }
    }

    /// Hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, Shim6.
    @inline(__always)
    static func isExtension(_ nextHeader: UInt8) -> Bool {
        switch nextHeader {
        case 0, 43, 44, 51, 60, 135, 139, 140: true
        default: false
        }
    }
}
