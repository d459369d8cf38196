/// What may stand between a frame's addresses and what it carries: VLAN tags and others.
extension PacketHeaders {
    /// The tag that a switch puts behind the source address for the host that it is connected to (Linux DSA,
    /// net/dsa/tag_dsa.c and tag_brcm.c). Both are of four bytes.
    enum SwitchTag {
        case marvell
        case broadcom
        static let length = 4
    }

    /// An Ethernet frame with a switch's tag in front of its type.
    mutating func readEthernet(_ bytes: RawSpan, at offset: Int, wireEnd: Int, switchTag: SwitchTag) {
        let type = offset &+ 12 &+ SwitchTag.length
        guard require(type &+ 2, at: offset, in: bytes, end: wireEnd) else { return }
        macDestination = bytes.macAddress(offset)
        macSource = bytes.macAddress(offset &+ 6)
        flags.insert([.hasMACSource, .hasMACDestination])
        if switchTag == .marvell { readMarvellTag(bytes, at: offset &+ 12) }
        readNetwork(bytes, at: type &+ 2, wireEnd: wireEnd, etherType: bytes.u16(type), tunnels: 0)
    }

    /// Where its third bit says so, the switch's tag stands in place of an 802.1Q tag whose identifier it holds.
    private mutating func readMarvellTag(_ bytes: RawSpan, at offset: Int) {
        if bytes.u8(offset) & 0x20 != 0 { take(vlan: bytes.u16(offset &+ 2) & 0x0fff) }
    }

    /// Identifier 0 marks a priority only (IEEE 802.1Q section 6.9).
    private mutating func take(vlan identifier: UInt16) {
        if vlan == 0 { vlan = identifier } else if innerVLAN == 0 { innerVLAN = identifier }
    }

    /// What stands behind any tags that `etherType`, whose contents are at `start`, begins.
    @inline(never)
    mutating func readTagged(_ bytes: RawSpan, at start: Int, wireEnd: Int, tunnels: Int) {
        var offset = start
        var end = wireEnd
        var tags = 0
        while let length = readTag(bytes, at: offset, end: &end) {
            guard tags < Self.maximumTags else {
                flags.insert(.malformed)
                return
            }
            guard require(length &+ 2, at: offset, in: bytes, end: end) else { return }
            etherType = bytes.u16(offset &+ length)
            offset &+= length &+ 2
            tags &+= 1
        }
        networkOffset = UInt16(clamping: offset)
        switch etherType {
        case 0x0800: readIPv4(bytes, at: offset, wireEnd: end, tunnels: tunnels)
        case 0x86dd: readIPv6(bytes, at: offset, wireEnd: end, tunnels: tunnels)
        case 0x0806: readARP(bytes, at: offset, wireEnd: end)
        case 0x8847, 0x8848: readMPLS(bytes, at: offset, wireEnd: end, tunnels: tunnels)
        case 0x8864: readPPPoE(bytes, at: offset, wireEnd: end, tunnels: tunnels)
        case 0x88e7: readBackbone(bytes, at: offset, wireEnd: end, tunnels: tunnels)
        case 0...1500:
            // IEEE 802.3: a length in place of a type.
            readLLC(bytes, at: offset, wireEnd: min(end, offset &+ Int(etherType)), tunnels: tunnels)
        default: labelFrame(bytes, at: offset, wireEnd: end)
        }
    }

    /// The bytes between a tag's type and the type behind it; nil where `etherType` begins none.
    private mutating func readTag(_ bytes: RawSpan, at offset: Int, end: inout Int) -> Int? {
        switch etherType {
        case 0x8100, 0x88a8, 0x9100:  // IEEE 802.1Q, 802.1ad, and what was used before that
            if bytes.holds(4, at: offset) { take(vlan: bytes.u16(offset) & 0x0fff) }
            return 2
        case 0x8926: return 4  // VN-Tag
        case 0x892f, 0xf1c1: return 4  // HSR (IEC 62439-3), R-TAG (IEEE 802.1CB)
        case 0xdada:  // Marvell's, behind two bytes that are not used
            if bytes.holds(6, at: offset) { readMarvellTag(bytes, at: offset &+ 2) }
            return 6
        case 0x88e5: return readMACsec(bytes, at: offset, end: &end)
        default: return nil
        }
    }

    /// IEEE 802.1AE: the tag of a frame that is signed and not encrypted, whose signature of 16 bytes ends it.
    private func readMACsec(_ bytes: RawSpan, at offset: Int, end: inout Int) -> Int? {
        let control = bytes.u8(offset)
        // Version 1, neither encrypted nor changed; SC says that the sender's identifier follows.
        guard control & 0x8c == 0, bytes.holds(1, at: offset) else { return nil }
        end = max(offset, end &- 16)
        return control & 0x20 == 0 ? 6 : 14
    }

    /// IEEE 802.1ah: the service's identifier, then the customer's frame.
    private mutating func readBackbone(_ bytes: RawSpan, at offset: Int, wireEnd: Int, tunnels: Int) {
        guard tunnels < Self.maximumTunnels else {
            labelFrame(bytes, at: offset, wireEnd: wireEnd)
            return
        }
        guard require(4, at: offset, in: bytes, end: wireEnd) else { return }
        readEthernet(bytes, at: offset &+ 4, wireEnd: wireEnd, tunnels: tunnels &+ 1)
    }
}
