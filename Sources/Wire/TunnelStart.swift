/// What the bytes behind a UDP, GRE or IP header say of a tunnel that begins there.
enum TunnelStart {
    /// No tunnel, or none that is read.
    case none
    /// It can't be told before this many bytes are there.
    case needs(Int)
    case opens(TunnelHeader)
}

/// A tunnel's header, taken apart.
struct TunnelHeader {
    /// What stands behind it.
    enum Content {
        case ethernet
        case network(etherType: UInt16)
        case ppp
    }

    var kind: PacketHeaders.TunnelKind
    var identifier: UInt32 = 0
    /// Bytes.
    var length: Int
    var content: Content
}

extension TunnelHeader.Content {
    /// By an EtherType that a tunnel may name; nil for others.
    init?(etherType: UInt16) {
        switch etherType {
        case 0x6558: self = .ethernet
        case 0x0800, 0x86dd, 0x8847, 0x8848: self = .network(etherType: etherType)
        case 0x880b: self = .ppp
        default: return nil
        }
    }

    /// By the first byte of a packet that must be IP; nil for what is not.
    init?(version byte: UInt8) {
        switch byte >> 4 {
        case 4: self = .network(etherType: 0x0800)
        case 6: self = .network(etherType: 0x86dd)
        default: return nil
        }
    }
}

extension TunnelStart {
    // MARK: Over UDP

    /// The tunnels that are known by a UDP port. `port` is the receiver's, `from` the sender's.
    ///
    /// - Parameters:
    ///   - offset: of the UDP payload.
    ///   - end: where that ends on the wire.
    @inline(never)
    static func udp(_ bytes: RawSpan, at offset: Int, end: Int, from: UInt16, port: UInt16) -> TunnelStart {
        switch port {
        case 4789, 8472: return vxlan(bytes, at: offset, end: end)
        case 6081: return geneve(bytes, at: offset, end: end)
        case 4790: return genericVXLAN(bytes, at: offset, end: end)
        case 2152: return gtp(bytes, at: offset, end: end)
        case 1701: return l2tp(bytes, at: offset, end: end)
        case 3544: return teredo(bytes, at: offset, end: end)
        case 6080: return gue(bytes, at: offset, end: end)
        case 4754: return gre(bytes, at: offset, end: end)
        case 6635: return mpls(bytes, at: offset, end: end)
        default: break
        }
        // These send from the same port, or to one that a NAT chose.
        switch from {
        case 2152: return gtp(bytes, at: offset, end: end)
        case 1701: return l2tp(bytes, at: offset, end: end)
        case 3544: return teredo(bytes, at: offset, end: end)
        default: return .none
        }
    }

    /// Whether a datagram from or to this port may be a tunnel's: one of `PacketHeaders.tunnelPorts`.
    @inline(__always)
    static func isKnown(_ port: UInt16) -> Bool {
        switch port {
        case 1701, 2152, 3544, 4754, 4789, 4790, 6080, 6081, 6635, 8472: true
        default: false
        }
    }

    /// RFC 7348.
    private static func vxlan(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        guard end &- offset >= 8 else { return .none }
        guard bytes.holds(8, at: offset) else { return .needs(8) }
        guard bytes.u8(offset) & 0x08 != 0, bytes.u8(offset &+ 7) == 0 else { return .none }
        return .opens(
            TunnelHeader(kind: .vxlan, identifier: bytes.u32(offset &+ 4) >> 8, length: 8, content: .ethernet))
    }

    /// VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe): the P flag, and what follows.
    private static func genericVXLAN(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        guard end &- offset >= 8 else { return .none }
        guard bytes.holds(8, at: offset) else { return .needs(8) }
        let content: TunnelHeader.Content
        switch (bytes.u8(offset) & 0x34, bytes.u8(offset &+ 3)) {
        case (0x04, 1): content = .network(etherType: 0x0800)
        case (0x04, 2): content = .network(etherType: 0x86dd)
        case (0x04, 3), (0x00, 0): content = .ethernet
        case (0x04, 5): content = .network(etherType: 0x8847)
        default: return .none
        }
        return .opens(
            TunnelHeader(kind: .vxlan, identifier: bytes.u32(offset &+ 4) >> 8, length: 8, content: content))
    }

    /// RFC 8926: version 0, options in units of four bytes, an EtherType.
    private static func geneve(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        guard end &- offset >= 8 else { return .none }
        guard bytes.holds(8, at: offset) else { return .needs(8) }
        let length = 8 &+ Int(bytes.u8(offset) & 0x3f) &* 4
        guard bytes.u8(offset) & 0xc0 == 0, offset &+ length < end,
            let content = TunnelHeader.Content(etherType: bytes.u16(offset &+ 2))
        else { return .none }
        return .opens(
            TunnelHeader(
                kind: .geneve, identifier: bytes.u32(offset &+ 4) >> 8, length: length, content: content))
    }

    /// GTP-U version 1 (3GPP TS 29.281): a G-PDU, with its chain of extension headers.
    private static func gtp(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        guard end &- offset >= 9 else { return .none }
        guard bytes.holds(9, at: offset) else { return .needs(9) }
        let bits = bytes.u8(offset)
        guard bits & 0xf0 == 0x30, bytes.u8(offset &+ 1) == 0xff else { return .none }
        var length = 8
        if bits & 7 != 0 {
            length = 12
            guard bytes.holds(12, at: offset) else { return .needs(12) }
            var next = bits & 4 != 0 ? bytes.u8(offset &+ 11) : 0
            while next != 0 {
                guard bytes.holds(1, at: offset &+ length) else { return .needs(length &+ 1) }
                let part = Int(bytes.u8(offset &+ length)) &* 4
                guard part > 0, offset &+ length &+ part <= end else { return .none }
                length &+= part
                guard bytes.holds(length, at: offset) else { return .needs(length) }
                next = bytes.u8(offset &+ length &- 1)
            }
        }
        guard offset &+ length < end else { return .none }
        guard bytes.holds(length &+ 1, at: offset) else { return .needs(length &+ 1) }
        guard let content = TunnelHeader.Content(version: bytes.u8(offset &+ length)) else { return .none }
        return .opens(
            TunnelHeader(kind: .gtp, identifier: bytes.u32(offset &+ 4), length: length, content: content))
    }

    /// L2TP version 2 (RFC 2661), a data message.
    private static func l2tp(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        guard end &- offset >= 8 else { return .none }
        guard bytes.holds(8, at: offset) else { return .needs(8) }
        let bits = bytes.u16(offset)
        guard bits & 0x800f == 2 else { return .none }
        let numbers = offset &+ (bits & 0x4000 != 0 ? 4 : 2)
        var length = numbers &- offset &+ 4 &+ (bits & 0x0800 != 0 ? 4 : 0)
        if bits & 0x0200 != 0 {
            guard offset &+ length &+ 2 <= end else { return .none }
            guard bytes.holds(length &+ 2, at: offset) else { return .needs(length &+ 2) }
            length &+= 2 &+ Int(bytes.u16(offset &+ length))
        }
        guard offset &+ length < end else { return .none }
        return .opens(
            TunnelHeader(
                kind: .l2tp, identifier: UInt32(bytes.u16(numbers &+ 2)), length: length, content: .ppp))
    }

    /// RFC 4380: IPv6, behind an authentication and an origin, where these are there.
    private static func teredo(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        var length = 0
        // Each of them once.
        for _ in 0..<3 {
            guard end &- offset >= length &+ 4 else { return .none }
            guard bytes.holds(length &+ 4, at: offset) else { return .needs(length &+ 4) }
            switch bytes.u16(offset &+ length) {
            case 0: length &+= 8
            case 1:
                let lengths = bytes.u16(offset &+ length &+ 2)
                length &+= 13 &+ Int(lengths >> 8) &+ Int(lengths & 255)
            case 0x6000...0x6fff where end &- offset &- length >= 40:
                guard bytes.holds(length &+ 6, at: offset) else { return .needs(length &+ 6) }
                // The packet fits; trailers may follow it (RFC 6081).
                let packet = 40 &+ Int(bytes.u16(offset &+ length &+ 4))
                guard packet <= end &- offset &- length else { return .none }
                return .opens(TunnelHeader(kind: .teredo, length: length, content: .network(etherType: 0x86dd)))
            default: return .none
            }
        }
        return .none
    }

    /// Generic UDP encapsulation (draft-ietf-intarea-gue): version 0 with an IP protocol number, or version 1, which
    /// is IP at once.
    private static func gue(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        guard end &- offset >= 4 else { return .none }
        guard bytes.holds(4, at: offset) else { return .needs(4) }
        let first = bytes.u8(offset)
        if first & 0xc0 == 0x40 {
            guard let content = TunnelHeader.Content(version: first) else { return .none }
            return .opens(TunnelHeader(kind: .gue, length: 0, content: content))
        }
        let length = 4 &+ Int(first & 0x1f) &* 4
        guard first & 0xe0 == 0, offset &+ length < end else { return .none }
        switch bytes.u8(offset &+ 1) {
        case 4: return .opens(TunnelHeader(kind: .gue, length: length, content: .network(etherType: 0x0800)))
        case 41: return .opens(TunnelHeader(kind: .gue, length: length, content: .network(etherType: 0x86dd)))
        default: return .none
        }
    }

    /// RFC 7510.
    private static func mpls(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        guard end &- offset >= 5 else { return .none }
        guard bytes.holds(4, at: offset) else { return .needs(4) }
        return .opens(
            TunnelHeader(
                kind: .mpls, identifier: bytes.u32(offset) >> 12, length: 0, content: .network(etherType: 0x8847)))
    }

    // MARK: GRE (RFC 2784, 2890)

    /// - Parameter offset: of the GRE header.
    static func gre(_ bytes: RawSpan, at offset: Int, end: Int) -> TunnelStart {
        guard bytes.holds(4, at: offset) else { return .needs(4) }
        let bits = bytes.u16(offset)
        let carried = bytes.u16(offset &+ 2)
        switch bits & 7 {
        case 0: break
        case 1: return pptp(bytes, at: offset, end: end, bits: bits, carried: carried)
        default: return .none
        }
        let hasChecksum = bits & 0x8000 != 0
        let hasKey = bits & 0x2000 != 0
        let hasSequence = bits & 0x1000 != 0
        let length = 4 &+ (hasChecksum ? 4 : 0) &+ (hasKey ? 4 : 0) &+ (hasSequence ? 4 : 0)
        guard bytes.holds(length, at: offset) else { return .needs(length) }
        // Bit 1, source routing (RFC 1701), would put routes before the payload.
        guard bits & 0x4000 == 0, end > offset &+ length else { return .none }
        if carried == 0x88be || carried == 0x22eb {
            return erspan(bytes, at: offset, end: end, length: length, type: carried, hasSequence: hasSequence)
        }
        guard let content = TunnelHeader.Content(etherType: carried) else { return .none }
        let key = hasKey ? bytes.u32(offset &+ (hasChecksum ? 8 : 4)) : 0
        return .opens(TunnelHeader(kind: .gre, identifier: key, length: length, content: content))
    }

    /// PPTP's (RFC 2637), which has a version of its own: length and call instead of a key, perhaps nothing but an
    /// acknowledgement.
    private static func pptp(
        _ bytes: RawSpan, at offset: Int, end: Int, bits: UInt16, carried: UInt16
    ) -> TunnelStart {
        guard carried == 0x880b, bits & 0x3000 == 0x3000 else { return .none }
        let length = bits & 0x0080 != 0 ? 16 : 12
        guard end > offset &+ length else { return .none }
        guard bytes.holds(length, at: offset) else { return .needs(length) }
        return .opens(
            TunnelHeader(
                kind: .pptp, identifier: UInt32(bytes.u16(offset &+ 6)), length: length, content: .ppp))
    }

    /// ERSPAN (draft-foschiano-erspan): type I has no header of its own and no sequence number.
    private static func erspan(
        _ bytes: RawSpan, at offset: Int, end: Int, length: Int, type: UInt16, hasSequence: Bool
    ) -> TunnelStart {
        if type == 0x88be, !hasSequence {
            return .opens(TunnelHeader(kind: .erspan, length: length, content: .ethernet))
        }
        let header = offset &+ length
        let own = type == 0x88be ? 8 : 12
        guard end > header &+ own else { return .none }
        guard bytes.holds(length &+ own, at: offset) else { return .needs(length &+ own) }
        let version = bytes.u8(header) >> 4
        guard version == (type == 0x88be ? 1 : 2) else { return .none }
        let session = UInt32(bytes.u16(header &+ 2) & 0x03ff)
        var whole = length &+ own
        if version == 2 {
            // The last bit says that eight more bytes follow.
            if bytes.u8(header &+ 11) & 1 != 0 { whole &+= 8 }
            guard end > offset &+ whole else { return .none }
            let frameType = bytes.u8(header &+ 10) >> 2 & 0x1f
            if frameType == 2 {
                guard bytes.holds(whole &+ 1, at: offset) else { return .needs(whole &+ 1) }
                guard let content = TunnelHeader.Content(version: bytes.u8(offset &+ whole)) else { return .none }
                return .opens(
                    TunnelHeader(kind: .erspan, identifier: session, length: whole, content: content))
            }
            guard frameType == 0 else { return .none }
        }
        return .opens(TunnelHeader(kind: .erspan, identifier: session, length: whole, content: .ethernet))
    }
}

extension PacketHeaders {
    /// The UDP ports by which tunnels are known: L2TP, GTP, Teredo, GRE, VXLAN, VXLAN-GPE, GUE, Geneve, MPLS, and VXLAN as
    /// Linux numbered it first.
    public static let tunnelPorts: [UInt16] = [1701, 2152, 3544, 4754, 4789, 4790, 6080, 6081, 6635, 8472]
}
