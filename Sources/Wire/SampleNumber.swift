/// By what a run that looks at one packet of many chooses: the same packets at every place, through translation and
/// tunnels (hash-based selection, RFC 5475 section 6.2; trajectory sampling, Duffield and Grossglauser, 2000).
///
/// The number of a packet is worked out from what neither forwarding nor NAT changes. Those below a threshold are taken,
/// so that a coarser sample takes none that a finer one leaves out. What belongs together has one number where that can
/// be read from the packet: an echo request and its reply, a SYN and what answers it, a packet and the error about it,
/// the segments that a TCP packet is cut into.
///
/// `sighting.bpf.c` works out the same numbers for most packets: the two must agree, bit for bit.
public enum SampleNumber: Hashable, Sendable {
    /// Always taken, since few of them explain many others: ARP, neighbor discovery, group membership.
    case none
    case number(UInt32)
    /// A later fragment, taken with the first one of its `PacketHeaders.datagramKey`.
    case fragment(UInt64)

    /// - Parameter bytes: the packet that `headers` were read from, as captured.
    public init(_ headers: borrowing PacketHeaders, in bytes: RawSpan) {
        guard headers.isIP else {
            self = .none
            return
        }
        if headers.fragmentOffset != 0 {
            self = headers.datagramKey == 0 ? .none : .fragment(headers.datagramKey)
            return
        }
        switch headers.ipProtocol {
        case .tcp: self = .number(Self.ofTCP(headers))
        case .icmp, .icmpv6: self = Self.ofICMP(headers, bytes)
        case .igmp: self = .none
        default:
            var hash = SampleHash(headers.ipProtocol.rawValue, headers.network == .ipv4 ? headers.identification : 0)
            // Of these the first eight bytes hold ports and a checksum.
            let ipProtocol = headers.ipProtocol
            let skipped = ipProtocol == .udpLite || ipProtocol == .dccp ? 8 : 0
            hash.mix(bytes, at: Int(headers.payloadOffset) + skipped, length: Int(headers.payloadLength) - skipped)
            self = .number(hash.number)
        }
    }

    // MARK: TCP

    /// Blocks of the sequence space that a packet is looked for in: 1 MiB, more than any packet holds.
    private static let blockLimit = 16

    /// A packet belongs to the blocks of 64 KiB of the sequence space that its bytes lie in, or, without any, to that of
    /// the byte that it acknowledges. So all forms of a stretch of a stream are taken, however it is cut, and what
    /// acknowledges it; of a SYN every answer.
    private static func ofTCP(_ headers: borrowing PacketHeaders) -> UInt32 {
        let acknowledges = headers.tcpFlags & 0x10 != 0
        if acknowledges, headers.payloadLength == 0 {
            return ofBlock(UInt16(truncatingIfNeeded: (headers.tcpAcknowledgement &- 1) >> 16))
        }
        let synchronizes = headers.tcpFlags & 2 != 0
        return ofStream(from: headers.tcpSequence, length: headers.payloadLength &+ (synchronizes ? 1 : 0))
    }

    /// Of a stretch of a TCP stream: the lowest of its blocks'.
    public static func ofStream(from start: UInt32, length: UInt32) -> UInt32 {
        let first = UInt16(truncatingIfNeeded: start >> 16)
        let last = UInt16(truncatingIfNeeded: (start &+ max(1, length) &- 1) >> 16)
        var lowest = UInt32.max
        var block = first
        for _ in 0..<blockLimit {
            lowest = min(lowest, ofBlock(block))
            if block == last { break }
            block &+= 1
        }
        return lowest
    }

    /// Each of the 65,536 numbers once, so that the share is exact: odd factors and shifts can be undone.
    static func ofBlock(_ block: UInt16) -> UInt32 {
        var spread = block ^ 0x5aa5
        spread = spread &* 0x9e37
        spread ^= spread >> 7
        spread = spread &* 0x85eb
        spread ^= spread >> 9
        return UInt32(spread) << 16
    }

    // MARK: ICMP

    private static func ofICMP(_ headers: borrowing PacketHeaders, _ bytes: RawSpan) -> SampleNumber {
        if headers.isEcho {
            // Without type and identifier: a reply repeats the rest (RFC 792), and NAT changes the identifier.
            var hash = SampleHash(IPProtocol.icmp.rawValue, headers.icmpSequence)
            hash.mix(bytes, at: Int(headers.payloadOffset), length: Int(headers.payloadLength))
            return .number(hash.number)
        }
        let start = Int(headers.payloadOffset)
        if headers.flags.contains(.quotesPacket), start > 0, start < bytes.byteCount {
            let quotation = bytes.extracting(start..<bytes.byteCount)
            let quoted = dissect(quotation, linkType: .raw, originalLength: quotation.byteCount)
            // Nobody reports an error about an error (RFC 1122, 3.2.2).
            return quoted.flags.contains(.quotesPacket) ? .none : SampleNumber(quoted, in: quotation)
        }
        return .none
    }
}

/// The hash behind the number of a packet other than TCP's: as `LabelHash`, of operations that a BPF program has.
struct SampleHash {
    private var state: UInt64

    init(_ ipProtocol: UInt8, _ identification: UInt16) {
        state = 0x2d35_8dcc_aa6c_78a5
        mix(UInt64(ipProtocol) | UInt64(identification) << 8)
    }

    private mutating func mix(_ word: UInt64) {
        state = (state ^ word) &* 0x9e37_79b9_7f4a_7c15
        state ^= state >> 32
    }

    /// Mixes the first 32 of the payload's bytes, with zeros behind a shorter one.
    mutating func mix(_ bytes: RawSpan, at offset: Int, length: Int) {
        for index in 0..<4 {
            mix(bytes.littleEndianWord(offset + 8 * index, count: min(LabelHash.payloadBytes, length) - 8 * index))
        }
    }

    var number: UInt32 { UInt32(truncatingIfNeeded: (state &* 0xd6e8_feb8_6659_fd93) >> 32) }
}

/// One packet of how many is looked at.
public struct SampleShare: Hashable, Sendable {
    /// Every packet.
    public static let all = SampleShare(oneOf: 1)
    /// The coarsest: as many blocks as a TCP stream has.
    public static let limit: UInt32 = 65_536

    /// 1 to `limit`.
    public let oneOf: UInt32

    public init(oneOf: UInt32) { self.oneOf = min(max(1, oneOf), Self.limit) }

    public var isAll: Bool { oneOf == 1 }

    /// Numbers below it are taken.
    public var threshold: UInt64 { (1 << 32) / UInt64(oneOf) }

    public func takes(_ number: UInt32) -> Bool { UInt64(number) < threshold }

    /// `1 packet of 1000 sampled`
    public var sentence: String { "1 packet of \(oneOf) sampled" }
}
