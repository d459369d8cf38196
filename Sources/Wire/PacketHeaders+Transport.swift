/// What IP carries, and the label over it.
///
/// A label is a hash over
/// - IP: version, protocol, IPv4 identification where not 0 (IPv6: of a fragment), fragment offset and M flag;
/// - TCP: sequence and acknowledgement numbers, flags, timestamp option; UDP, ICMP, SCTP and others: what the
///   functions below say;
/// - the payload's length and its first `LabelHash.payloadBytes` bytes;
/// and never over what forwarding or NAT rewrites: addresses, ports and echo identifiers, TTL, DSCP, checksums, MSS.
extension PacketHeaders {
    /// `bytes` ends with the IP packet (no link-layer padding); `end` is where it ended on the wire.
    mutating func readUpperLayer(
        _ bytes: RawSpan, at offset: Int, end: Int, identification: UInt32, tunnels: Int
    ) {
        setPayload(at: offset, end: end)
        var hash = LabelHash()
        hash.mix(
            UInt64(network.rawValue) << 40 | UInt64(ipProtocol.rawValue) << 32 | UInt64(identification),
            UInt64(fragmentOffset) << 1 | (flags.contains(.moreFragments) ? 1 : 0))
        if fragmentOffset != 0 {
            finishLabel(&hash, bytes, at: offset)
            return
        }
        switch ipProtocol {
        case .tcp: readTCP(bytes, at: offset, end: end, hash: &hash)
        case .udp: if readUDP(bytes, at: offset, end: end, hash: &hash, tunnels: tunnels) { return }
        case .icmp: readICMP(bytes, at: offset, end: end, hash: &hash, tunnels: tunnels)
        case .icmpv6: readICMPv6(bytes, at: offset, end: end, hash: &hash, tunnels: tunnels)
        case .sctp: readSCTP(bytes, at: offset, end: end, hash: &hash)
        case .gre: if readGRE(bytes, at: offset, end: end, hash: &hash, tunnels: tunnels) { return }
        case .ipip, .ipv6: if readIPIP(bytes, at: offset, end: end, hash: &hash, tunnels: tunnels) { return }
        case .udpLite, .dccp:
            // Ports and checksum stand in the first eight bytes.
            finishLabel(&hash, bytes, at: offset, skipping: 8)
        case .noNextHeader:
            label = hash.label
        default:
            finishLabel(&hash, bytes, at: offset)
        }
    }

    @inline(__always)
    private mutating func setPayload(at offset: Int, end: Int) {
        payloadLength = UInt32(truncatingIfNeeded: max(0, end &- offset))
        payloadOffset = UInt16(clamping: offset)
    }

    /// Mixes the first bytes of the payload at `offset`, behind `skipping` ones, and closes the label.
    @inline(__always)
    mutating func finishLabel(
        _ hash: inout LabelHash, _ bytes: RawSpan, at offset: Int, skipping: Int = 0
    ) {
        if !hash.mixPayload(bytes, at: offset &+ skipping, length: Int(payloadLength) &- skipping) {
            flags.insert(.labelCutShort)
        }
        label = hash.label
    }

    /// Closes the label of a packet whose transport header is not whole.
    mutating func abandonLabel(_ hash: inout LabelHash, _ bytes: RawSpan, end: Int) {
        payloadLength = 0
        payloadOffset = 0
        if bytes.byteCount < end { flags.insert(.labelCutShort) }
        label = hash.label
    }

    @inline(__always)
    private mutating func readPorts(_ bytes: RawSpan, at offset: Int) {
        sourcePort = bytes.u16(offset)
        destinationPort = bytes.u16(offset &+ 2)
    }

    // MARK: TCP (RFC 9293)

    private mutating func readTCP(_ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash) {
        // What a short ICMP quotation holds: ports and sequence number.
        readPorts(bytes, at: offset)
        tcpSequence = bytes.u32(offset &+ 4)
        guard require(20, at: offset, in: bytes, end: end) else {
            hash.mix(UInt64(tcpSequence), 0)
            abandonLabel(&hash, bytes, end: end)
            return
        }
        tcpAcknowledgement = bytes.u32(offset &+ 8)
        tcpFlags = bytes.u8(offset &+ 13)
        hash.mix(UInt64(tcpSequence) << 32 | UInt64(tcpAcknowledgement), UInt64(tcpFlags))
        let headerLength = Int(bytes.u8(offset &+ 12) >> 4) &* 4
        guard headerLength >= 20 else {
            flags.insert(.malformed)
            abandonLabel(&hash, bytes, end: end)
            return
        }
        flags.insert(.hasTransport)
        guard require(headerLength, at: offset, in: bytes, end: end) else {
            abandonLabel(&hash, bytes, end: end)
            return
        }
        if headerLength > 20 { readTCPOptions(bytes, at: offset &+ 20, end: offset &+ headerLength) }
        setPayload(at: offset &+ headerLength, end: end)
        hash.mix(
            UInt64(payloadLength), UInt64(tcpTimestamp) << 1 | (flags.contains(.hasTCPTimestamp) ? 1 : 0))
        finishLabel(&hash, bytes, at: offset &+ headerLength)
    }

    private mutating func readTCPOptions(_ bytes: RawSpan, at start: Int, end: Int) {
        // The layout of nearly every segment in mid-connection: NOP, NOP, timestamp of ten bytes.
        if bytes.u32(start) == 0x0101_080a, end &- start == 12 {
            tcpTimestamp = bytes.u32(start &+ 4)
            flags.insert(.hasTCPTimestamp)
            return
        }
        var offset = start
        while offset < end {
            let kind = bytes.u8(offset)
            if kind == 0 { return }
            if kind == 1 {
                offset &+= 1
                continue
            }
            let optionLength = Int(bytes.u8(offset &+ 1))
            guard optionLength >= 2, offset &+ optionLength <= end else { return }
            if kind == 2, optionLength == 4 {
                tcpMaximumSegmentSize = bytes.u16(offset &+ 2)
            } else if kind == 8, optionLength == 10 {
                tcpTimestamp = bytes.u32(offset &+ 2)
                flags.insert(.hasTCPTimestamp)
            }
            offset &+= optionLength
        }
    }

    // MARK: UDP (RFC 768), with the tunnels behind it

    /// Returns: true where a tunnelled packet took over.
    private mutating func readUDP(
        _ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash, tunnels: Int
    ) -> Bool {
        readPorts(bytes, at: offset)
        guard require(8, at: offset, in: bytes, end: end) else {
            abandonLabel(&hash, bytes, end: end)
            return false
        }
        let udpLength = Int(bytes.u16(offset &+ 4))
        guard udpLength >= 8 || udpLength == 0 else {
            flags.insert(.malformed)
            abandonLabel(&hash, bytes, end: end)
            return false
        }
        flags.insert(.hasTransport)
        // 0 is a jumbogram's; a first fragment says the whole datagram's.
        let payloadEnd = udpLength == 0 ? end : min(end, offset &+ udpLength)
        let payload = offset &+ 8
        if TunnelStart.isKnown(destinationPort) || TunnelStart.isKnown(sourcePort), tunnels < Self.maximumTunnels {
            switch TunnelStart.udp(bytes, at: payload, end: payloadEnd, from: sourcePort, port: destinationPort) {
            case .none: break
            case .needs(let count):
                guard payload &+ count <= payloadEnd else { break }
                _ = require(count, at: payload, in: bytes, end: payloadEnd)
                abandonLabel(&hash, bytes, end: end)
                return false
            case .opens(let header):
                if openTunnel(header, bytes, at: payload, end: payloadEnd, tunnels: tunnels) { return true }
            }
        }
        setPayload(at: payload, end: payloadEnd)
        if payloadEnd &- payload >= 2, bytes.holds(2, at: payload) { udpTransaction = bytes.u16(payload) }
        hash.mix(UInt64(payloadLength), 0)
        finishLabel(&hash, bytes, at: payload)
        return false
    }

    // MARK: SCTP (RFC 9260)

    /// The label holds the verification tag and the first chunk's bytes.
    private mutating func readSCTP(_ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash) {
        readPorts(bytes, at: offset)
        guard require(12, at: offset, in: bytes, end: end) else {
            abandonLabel(&hash, bytes, end: end)
            return
        }
        flags.insert(.hasTransport)
        sctpChunkType = bytes.u8(offset &+ 12)
        setPayload(at: offset &+ 12, end: end)
        if payloadLength >= 4, !bytes.holds(4, at: offset &+ 12) { flags.insert(.truncated) }
        hash.mix(UInt64(payloadLength), UInt64(bytes.u32(offset &+ 4)))
        finishLabel(&hash, bytes, at: offset &+ 12)
    }

    // MARK: ICMP (RFC 792) and ICMPv6 (RFC 4443, 4861)

    private mutating func readICMP(
        _ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash, tunnels: Int
    ) {
        guard readICMPHeader(bytes, at: offset, end: end, hash: &hash) else { return }
        switch icmpType {
        case 0, 8, 13, 14, 15, 16, 17, 18:
            icmpIdentifier = bytes.u16(offset &+ 4)
            icmpSequence = bytes.u16(offset &+ 6)
            hash.mix(UInt64(icmpSequence), UInt64(payloadLength))
            finishLabel(&hash, bytes, at: offset &+ 8)
        case 3, 4, 5, 11, 12:
            if icmpType == 3, icmpCode == 4 { reportedMTU = UInt32(bytes.u16(offset &+ 6)) }
            readQuotation(bytes, at: offset &+ 8, end: end, hash: &hash, tunnels: tunnels)
        default:
            hash.mix(UInt64(bytes.u32(offset &+ 4)), UInt64(payloadLength))
            finishLabel(&hash, bytes, at: offset &+ 8)
        }
    }

    private mutating func readICMPv6(
        _ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash, tunnels: Int
    ) {
        guard readICMPHeader(bytes, at: offset, end: end, hash: &hash) else { return }
        switch icmpType {
        case 128, 129:
            icmpIdentifier = bytes.u16(offset &+ 4)
            icmpSequence = bytes.u16(offset &+ 6)
            hash.mix(UInt64(icmpSequence), UInt64(payloadLength))
            finishLabel(&hash, bytes, at: offset &+ 8)
        case 1...4:
            if icmpType == 2 { reportedMTU = bytes.u32(offset &+ 4) }
            readQuotation(bytes, at: offset &+ 8, end: end, hash: &hash, tunnels: tunnels)
        case 133...137:
            readNeighbourDiscovery(bytes, at: offset, end: end)
            // Never forwarded nor translated, so the addresses may help to tell one from the other.
            hash.mix(source)
            hash.mix(destination)
            hash.mix(UInt64(bytes.u32(offset &+ 4)), UInt64(payloadLength))
            finishLabel(&hash, bytes, at: offset &+ 8)
        default:
            hash.mix(UInt64(bytes.u32(offset &+ 4)), UInt64(payloadLength))
            finishLabel(&hash, bytes, at: offset &+ 8)
        }
    }

    private mutating func readICMPHeader(
        _ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash
    ) -> Bool {
        guard require(8, at: offset, in: bytes, end: end) else {
            abandonLabel(&hash, bytes, end: end)
            return false
        }
        flags.insert(.hasTransport)
        icmpType = bytes.u8(offset)
        icmpCode = bytes.u8(offset &+ 1)
        setPayload(at: offset &+ 8, end: end)
        hash.mix(UInt64(icmpType) << 8 | UInt64(icmpCode), 0)
        return true
    }

    private mutating func readNeighbourDiscovery(_ bytes: RawSpan, at offset: Int, end: Int) {
        var option = offset &+ 8
        switch icmpType {
        case 134:
            option = offset &+ 16
        case 135, 136, 137:
            guard require(24, at: offset, in: bytes, end: end) else { return }
            neighbourTarget = bytes.ipv6Address(offset &+ 8)
            option = offset &+ (icmpType == 137 ? 40 : 24)
        default:
            break
        }
        while option < end {
            guard require(2, at: option, in: bytes, end: end) else { return }
            let kind = bytes.u8(option)
            let optionLength = Int(bytes.u8(option &+ 1)) &* 8
            if optionLength == 0 {
                flags.insert(.malformed)
                return
            }
            guard require(optionLength, at: option, in: bytes, end: end) else { return }
            if kind == 1 || kind == 2 { neighbourMAC = bytes.macAddress(option &+ 2) }
            option &+= optionLength
        }
    }

    /// The packet quoted in an ICMP error. NAT rewrites addresses and ports in there too, so the error's label rests
    /// on the quoted packet's own invariant fields.
    private mutating func readQuotation(
        _ bytes: RawSpan, at offset: Int, end: Int, hash: inout LabelHash, tunnels: Int
    ) {
        guard tunnels != Self.inQuotation else {
            finishLabel(&hash, bytes, at: offset)
            return
        }
        guard bytes.byteCount > offset else {
            if end > offset { flags.insert([.truncated, .labelCutShort]) }
            hash.mix(UInt64(payloadLength), 0)
            label = hash.label
            return
        }
        var quoted = PacketHeaders()
        quoted.readIP(bytes, at: offset, wireEnd: end, tunnels: Self.inQuotation)
        let isCut = bytes.byteCount < end
        if quoted.isIP {
            flags.insert(.quotesPacket)
            quotedSource = quoted.source
            quotedDestination = quoted.destination
            quotedProtocol = quoted.ipProtocol
            quotedIdentification = quoted.identification
            let isQuery = quoted.ipProtocol == .icmp || quoted.ipProtocol == .icmpv6
            quotedSourcePort = isQuery ? quoted.icmpIdentifier : quoted.sourcePort
            quotedDestinationPort = isQuery ? quoted.icmpIdentifier : quoted.destinationPort
            if quoted.flags.isDisjoint(with: [.truncated, .malformed, .labelCutShort]) { quotedLabel = quoted.label }
        } else if !isCut || quoted.flags.contains(.malformed) {
            flags.insert(.malformed)
        }
        // Not the whole quotation's label where the capture, not the sender, ended it.
        if isCut, quoted.flags.contains(.truncated) { flags.insert(.truncated) }
        if isCut, !quoted.flags.isDisjoint(with: [.truncated, .labelCutShort]) { flags.insert(.labelCutShort) }
        hash.mix(
            UInt64(reportedMTU) << 32 | UInt64(quoted.identification) << 16 | UInt64(quoted.ipProtocol.rawValue),
            UInt64(quoted.length) << 32 | UInt64(payloadLength))
        hash.mix(UInt64(quoted.tcpSequence) << 16 | UInt64(quoted.icmpSequence), quoted.label)
        label = hash.label
    }
}
