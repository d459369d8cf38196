/// IEEE 802.2 headers, and the links that use nothing else: IEEE 802.11, Frame Relay.
extension PacketHeaders {
    /// Where `etherType` keeps what stood in the frame, for its label, unless a packet is found.
    mutating func readLLC(_ bytes: RawSpan, at offset: Int, wireEnd: Int, tunnels: Int) {
        networkOffset = UInt16(clamping: offset)
        guard tunnels < Self.maximumTunnels, wireEnd &- offset >= 3 else {
            labelFrame(bytes, at: offset, wireEnd: wireEnd)
            return
        }
        guard require(3, at: offset, in: bytes, end: wireEnd) else { return }
        switch bytes.u16(offset) {
        case 0xaaaa where bytes.u8(offset &+ 2) == 3:
            guard require(8, at: offset, in: bytes, end: wireEnd) else { return }
            readSNAP(bytes, at: offset &+ 3, frame: offset, wireEnd: wireEnd, tunnels: tunnels)
        case 0x0606 where bytes.u8(offset &+ 2) == 3:
            readIP(bytes, at: offset &+ 3, wireEnd: wireEnd, tunnels: tunnels &+ 1)
        default:
            labelFrame(bytes, at: offset, wireEnd: wireEnd)
        }
    }

    /// Five bytes that are there: whose numbers the type is one of, and the type. EtherTypes have the number 0 (RFC
    /// 1042) or, between bridges, 0x0000f8 (IEEE 802.1H).
    ///
    /// - Parameter frame: where a frame that carries no packet begins.
    private mutating func readSNAP(_ bytes: RawSpan, at offset: Int, frame: Int, wireEnd: Int, tunnels: Int) {
        let organisation = UInt32(bytes.u8(offset)) << 16 | UInt32(bytes.u16(offset &+ 1))
        let type = bytes.u16(offset &+ 3)
        guard organisation == 0 || organisation == 0xf8, type > 1500 else {
            labelFrame(bytes, at: frame, wireEnd: wireEnd)
            return
        }
        readNetwork(bytes, at: offset &+ 5, wireEnd: wireEnd, etherType: type, tunnels: tunnels &+ 1)
    }

    // MARK: IEEE 802.11

    mutating func readWirelessCapture(_ bytes: RawSpan, linkType: LinkType, wireEnd: Int) {
        var end = wireEnd
        var isPadded = false
        var start = 0
        switch linkType {
        case .wlanRadiotap:
            guard require(8, at: 0, in: bytes, end: wireEnd) else { return }
            let length = Int(bytes.u16(2).byteSwapped)
            guard bytes.u8(0) == 0, length >= 8 else {
                flags.insert(.malformed)
                return
            }
            guard require(length, at: 0, in: bytes, end: wireEnd) else { return }
            let state = Self.radiotapFlags(bytes, length: length)
            // The frame check sequence is there; the header is padded to four bytes.
            if state & 0x10 != 0 { end = max(length, end &- 4) }
            isPadded = state & 0x20 != 0
            start = length
        case .wlanPrism, .wlanAVS:
            guard require(8, at: 0, in: bytes, end: wireEnd) else { return }
            // AVS's header names its version, 0x802110 and a number; Prism's has lengths in the host's byte order.
            let isAVS = bytes.u32(0) >> 8 == 0x802110
            let length = Int(isAVS ? bytes.u32(4) : bytes.u32(4).byteSwapped)
            guard length >= 8, length <= 1024, isAVS || linkType == .wlanPrism else {
                flags.insert(.malformed)
                return
            }
            start = length
        default: break
        }
        readWireless(bytes, at: start, wireEnd: end, isPadded: isPadded)
    }

    /// The field `flags` of a radiotap header (https://www.radiotap.org); 0 where there is none.
    private static func radiotapFlags(_ bytes: RawSpan, length: Int) -> UInt8 {
        let present = bytes.u32(4).byteSwapped
        guard present & 2 != 0 else { return 0 }
        var offset = 8
        var word = present
        while word & 0x8000_0000 != 0, offset &+ 4 <= length {
            word = bytes.u32(offset).byteSwapped
            offset &+= 4
        }
        // The time of arrival comes first, aligned to its eight bytes.
        if present & 1 != 0 { offset = ((offset &+ 7) & ~7) &+ 8 }
        return offset < length ? bytes.u8(offset) : 0
    }

    /// A data frame that is neither encrypted nor a later fragment (IEEE 802.11 section 9.3.2).
    private mutating func readWireless(_ bytes: RawSpan, at offset: Int, wireEnd: Int, isPadded: Bool) {
        guard require(10, at: offset, in: bytes, end: wireEnd) else { return }
        let control = bytes.u8(offset)
        let bits = bytes.u8(offset &+ 1)
        guard control & 0x03 == 0 else {
            flags.insert(.malformed)
            return
        }
        let isEmpty = control & 0x40 != 0
        guard control & 0x0c == 0x08, !isEmpty, bits & 0x40 == 0 else { return }
        guard require(24, at: offset, in: bytes, end: wireEnd) else { return }
        let isToSystem = bits & 1 != 0
        let isFromSystem = bits & 2 != 0
        var length = isToSystem && isFromSystem ? 30 : 24
        let isQoS = control & 0x80 != 0
        let isAggregate = isQoS && bytes.u8(offset &+ length) & 0x80 != 0
        if isQoS { length &+= bits & 0x80 != 0 ? 6 : 2 }
        if isPadded { length = (length &+ 3) & ~3 }
        guard bytes.u8(offset &+ 22) & 0x0f == 0, require(length, at: offset, in: bytes, end: wireEnd) else { return }
        macDestination = bytes.macAddress(offset &+ (isToSystem ? 16 : 4))
        macSource = bytes.macAddress(offset &+ (isFromSystem ? isToSystem ? 24 : 16 : 10))
        flags.insert([.hasMACSource, .hasMACDestination])
        // Of several frames in one the first: two addresses and a length stand before it.
        if isAggregate { length &+= 14 }
        readLLC(bytes, at: offset &+ length, wireEnd: wireEnd, tunnels: 0)
    }

    // MARK: Frame Relay (RFC 2427)

    /// An address of two to four bytes, then as in RFC 2427, or an EtherType as Cisco's routers write it.
    mutating func readFrameRelay(_ bytes: RawSpan, end: Int) {
        var offset = 0
        while offset < 4, bytes.u8(offset) & 1 == 0, bytes.holds(1, at: offset) { offset &+= 1 }
        offset &+= 1
        guard require(2, at: offset, in: bytes, end: end) else { return }
        guard bytes.u8(offset) == 3 else {
            readNetwork(bytes, at: offset &+ 2, wireEnd: end, etherType: bytes.u16(offset), tunnels: 0)
            return
        }
        offset &+= 1
        if bytes.u8(offset) == 0 { offset &+= 1 }
        guard require(1, at: offset, in: bytes, end: end) else { return }
        switch bytes.u8(offset) {
        case 0xcc, 0x8e:
            readIP(bytes, at: offset &+ 1, wireEnd: end, tunnels: 0)
        case 0x80:
            guard require(6, at: offset, in: bytes, end: end) else { return }
            readSNAP(bytes, at: offset &+ 1, frame: offset, wireEnd: end, tunnels: 0)
        default:
            labelFrame(bytes, at: offset, wireEnd: end)
        }
    }
}
