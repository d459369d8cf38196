/// Point-to-point links and label stacks: PPP, alone and over Ethernet, Cisco HDLC, MPLS.
extension PacketHeaders {
    /// Notes a session or a path that has no IP header of its own, unless an outer one was noted.
    private mutating func enterSession(_ kind: TunnelKind, identifier: UInt32) {
        guard tunnelKind == .none else { return }
        tunnelKind = kind
        tunnelIdentifier = identifier
    }

    /// RFC 2516, of a session: version and type 1, code 0.
    mutating func readPPPoE(_ bytes: RawSpan, at offset: Int, wireEnd: Int, tunnels: Int) {
        etherType = 0x8864
        guard require(6, at: offset, in: bytes, end: wireEnd) else { return }
        guard bytes.u16(offset) == 0x1100 else {
            labelFrame(bytes, at: offset, wireEnd: wireEnd)
            return
        }
        let session = UInt32(bytes.u16(offset &+ 2))
        let start = offset &+ 6
        let end = min(wireEnd, start &+ Int(bytes.u16(offset &+ 4)))
        enterSession(.pppoe, identifier: session)
        readPPP(bytes, at: start, end: end, tunnels: tunnels)
        if network == .other, flags.isDisjoint(with: [.truncated, .malformed]) {
            etherType = 0x8864
            labelFrame(bytes, at: offset, wireEnd: wireEnd)
        }
    }

    /// PPP in a capture of its own: in HDLC-like framing (RFC 1662), or Cisco's HDLC, which its first byte tells.
    mutating func readFramedPPP(_ bytes: RawSpan, at offset: Int, end: Int) {
        let first = bytes.u8(offset)
        if first == 0x0f || first == 0x8f {
            readCiscoHDLC(bytes, at: offset, end: end)
            return
        }
        readPPP(bytes, at: offset, end: end, tunnels: 0)
        if network == .other, flags.isDisjoint(with: [.truncated, .malformed]) {
            labelFrame(bytes, at: offset, wireEnd: end)
        }
    }

    /// Address, control, EtherType.
    mutating func readCiscoHDLC(_ bytes: RawSpan, at offset: Int, end: Int) {
        guard require(4, at: offset, in: bytes, end: end) else { return }
        readNetwork(bytes, at: offset &+ 4, wireEnd: end, etherType: bytes.u16(offset &+ 2), tunnels: 0)
    }

    /// RFC 1661, with or without address and control; the protocol number has one byte where that is odd.
    ///
    /// For another protocol than IP, MPLS and bridged Ethernet nothing is read.
    mutating func readPPP(_ bytes: RawSpan, at start: Int, end: Int, tunnels: Int) {
        var offset = start
        if bytes.u16(offset) == 0xff03 {
            offset &+= 2
        } else if bytes.u8(offset) == 3 {
            // pppd puts the direction in the address's place.
            offset &+= 1
        }
        guard require(1, at: offset, in: bytes, end: end) else { return }
        var number = UInt16(bytes.u8(offset))
        if number & 1 == 0 {
            guard require(2, at: offset, in: bytes, end: end) else { return }
            number = bytes.u16(offset)
            offset &+= 1
        }
        offset &+= 1
        networkOffset = UInt16(clamping: offset)
        switch number {
        case 0x0021:
            etherType = 0x0800
            readIPv4(bytes, at: offset, wireEnd: end, tunnels: tunnels)
        case 0x0057:
            etherType = 0x86dd
            readIPv6(bytes, at: offset, wireEnd: end, tunnels: tunnels)
        case 0x0281, 0x0283:  // RFC 3032
            readMPLS(bytes, at: offset, wireEnd: end, tunnels: tunnels)
        case 0x0031:  // RFC 3518: flags, then the kind of frame, 1 for Ethernet
            guard tunnels < Self.maximumTunnels, end &- offset >= 2 else { return }
            guard require(2, at: offset, in: bytes, end: end) else { return }
            guard bytes.u8(offset &+ 1) == 1 else { return }
            readEthernet(bytes, at: offset &+ 2, wireEnd: end, tunnels: tunnels &+ 1)
        default:
            break
        }
    }

    // MARK: MPLS (RFC 3032)

    private static let maximumLabels = 32

    /// A stack of labels. Nothing says what follows: IP where the first half byte is its version (RFC 4928), else, where
    /// it looks like one, an Ethernet frame, with a control word (RFC 4385) or without.
    mutating func readMPLS(_ bytes: RawSpan, at start: Int, wireEnd: Int, tunnels: Int) {
        var offset = start
        var entry: UInt32 = 0
        repeat {
            guard require(4, at: offset, in: bytes, end: wireEnd) else { return }
            guard offset &- start < 4 &* Self.maximumLabels else {
                flags.insert(.malformed)
                return
            }
            entry = bytes.u32(offset)
            offset &+= 4
        } while entry & 0x100 == 0
        enterSession(.mpls, identifier: bytes.u32(start) >> 12)
        guard require(1, at: offset, in: bytes, end: wireEnd) else { return }
        if readIPByVersion(bytes, at: offset, wireEnd: wireEnd, tunnels: tunnels) { return }
        readPseudowire(
            bytes, at: offset, wireEnd: wireEnd, mayHaveControlWord: bytes.u8(offset) >> 4 == 0, label: start,
            tunnels: tunnels)
    }

    /// - Parameter label: where the frame that is labelled begins where it carries no packet.
    private mutating func readPseudowire(
        _ bytes: RawSpan, at offset: Int, wireEnd: Int, mayHaveControlWord: Bool, label: Int, tunnels: Int
    ) {
        let needed = mayHaveControlWord ? 18 : 14
        guard tunnels < Self.maximumTunnels, wireEnd &- offset >= 14 else {
            labelFrame(bytes, at: label, wireEnd: wireEnd)
            return
        }
        guard require(min(needed, wireEnd &- offset), at: offset, in: bytes, end: wireEnd) else { return }
        if mayHaveControlWord, wireEnd &- offset >= 18, Self.isFrame(bytes, at: offset &+ 4, end: wireEnd) {
            readEthernet(bytes, at: offset &+ 4, wireEnd: wireEnd, tunnels: tunnels &+ 1)
        } else if Self.isFrame(bytes, at: offset, end: wireEnd) {
            readEthernet(bytes, at: offset, wireEnd: wireEnd, tunnels: tunnels &+ 1)
        } else {
            labelFrame(bytes, at: label, wireEnd: wireEnd)
        }
    }

    /// Whether what stands there looks like an Ethernet frame: by its type, or a length that fits.
    private static func isFrame(_ bytes: RawSpan, at offset: Int, end: Int) -> Bool {
        let type = bytes.u16(offset &+ 12)
        switch type {
        case 0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x9100, 0x8847, 0x8848, 0x8863, 0x8864, 0x88e7, 0x88cc, 0x888e:
            return true
        case 3...1500:
            return Int(type) <= end &- offset &- 14
        default:
            return false
        }
    }
}
