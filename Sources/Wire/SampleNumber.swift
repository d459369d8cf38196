/// By what a run that looks at one packet of many chooses: the same packets at every place, through translation and
/// tunnels (hash-based selection, RFC 5475 section 6.2; trajectory sampling, Duffield and Grossglauser, 2000).
///
/// The number of a packet is worked out from what neither forwarding nor NAT changes. Those below a threshold are taken,
/// so that a coarser sample takes none that a finer one leaves out. What belongs together has one number where that can
/// be read from the packet: an echo request and its reply, a SYN and what answers it, a packet and the error about it,
/// the segments that a TCP packet is cut into.
///
/// `sighting.bpf.c`, the rules of `OwnedTable` and the filters of `SampleProgram` work out the same numbers for most packets:
/// all must agree, bit for bit.
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

/// The hash behind the number of a packet other than TCP's: Jenkins' of 36 bytes, as the kernel has it (`jhash` in
/// include/linux/jhash.h), since nftables' rules, classic BPF and BPF programs can all work that one out. The bytes are the
/// identification, two zeros, and the first 32 of the payload; what the hash starts from tells the protocol.
struct SampleHash {
    private var first: UInt32
    private var second: UInt32
    private var third: UInt32

    init(_ ipProtocol: UInt8, _ identification: UInt16) {
        let start = 0xdead_beef &+ 36 &+ UInt32(ipProtocol)
        (first, second, third) = (start, start, start)
        first = first &+ UInt32(littleEndian: UInt32(identification.byteSwapped))
    }

    /// Takes the first 32 of the payload's bytes, with zeros behind a shorter one. Once.
    mutating func mix(_ bytes: RawSpan, at offset: Int, length: Int) {
        func word(_ index: Int) -> UInt64 {
            bytes.littleEndianWord(offset + 8 * index, count: min(LabelHash.payloadBytes, length) - 8 * index)
        }
        // Numbers of the machine's byte order, as the kernel reads them.
        func low(_ word: UInt64) -> UInt32 { UInt32(littleEndian: UInt32(truncatingIfNeeded: word)) }
        func high(_ word: UInt64) -> UInt32 { low(word >> 32) }
        let words = (word(0), word(1), word(2), word(3))
        second = second &+ low(words.0)
        third = third &+ high(words.0)
        mix()
        first = first &+ low(words.1)
        second = second &+ high(words.1)
        third = third &+ low(words.2)
        mix()
        first = first &+ high(words.2)
        second = second &+ low(words.3)
        third = third &+ high(words.3)
        finish()
    }

    private static func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word << count | word >> (32 - count) }

    /// `__jhash_mix`
    private mutating func mix() {
        func step(_ one: inout UInt32, _ two: inout UInt32, _ three: UInt32, _ count: UInt32) {
            one = (one &- two) ^ Self.rotated(two, count)
            two = two &+ three
        }
        step(&first, &third, second, 4)
        step(&second, &first, third, 6)
        step(&third, &second, first, 8)
        step(&first, &third, second, 16)
        step(&second, &first, third, 19)
        step(&third, &second, first, 4)
    }

    /// `__jhash_final`
    private mutating func finish() {
        func step(_ one: inout UInt32, _ two: UInt32, _ count: UInt32) { one = (one ^ two) &- Self.rotated(two, count) }
        step(&third, second, 14)
        step(&first, third, 11)
        step(&second, first, 25)
        step(&third, second, 16)
        step(&first, third, 4)
        step(&second, first, 14)
        step(&third, second, 24)
    }

    var number: UInt32 { third }
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
