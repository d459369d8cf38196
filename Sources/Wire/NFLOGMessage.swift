/// One packet as NFLOG reports it: `struct nfgenmsg` and the attributes of `<linux/netfilter/nfnetlink_log.h>`.
///
/// A live netlink message holds these bytes after its header, a capture (LINKTYPE_NFLOG) as they are. The attributes'
/// lengths and types are in the byte order of the machine that captured, which the first attribute shows. Byte ranges
/// are offsets into the bytes that were read; nothing is copied.
public struct NFLOGMessage: Hashable, Sendable {
    /// `struct nfgenmsg`.
    static let headerLength = 4

    /// `NFPROTO_` value: 2 IPv4, 7 bridge, 10 IPv6, …
    public var family: UInt8
    /// The NFLOG group.
    public var group: UInt16
    /// `NF_INET_PRE_ROUTING` 0, `LOCAL_IN` 1, `FORWARD` 2, `LOCAL_OUT` 3, `POST_ROUTING` 4.
    public var hook: UInt8 = 0
    /// The packet's EtherType; 0 where the kernel did not know it yet and the family does not tell.
    public var hardwareProtocol: UInt16 = 0
    public var mark: UInt32 = 0
    /// When the packet came into the namespace, or passed the hook where it was not stamped then, in nanoseconds since
    /// 1970; nil where the kernel gave no time. It gives it up to the forward hook only, cut down to whole
    /// microseconds.
    public var timestampNanoseconds: Int64?
    /// Interface indexes, 0 for none; `physical…` are bridge ports.
    public var inDevice: UInt32 = 0
    public var outDevice: UInt32 = 0
    public var physicalInDevice: UInt32 = 0
    public var physicalOutDevice: UInt32 = 0
    public var sourceAddress: MACAddress?
    /// Known only where the kernel gave the whole Ethernet header.
    public var destinationAddress: MACAddress?
    /// The rule's prefix, up to its zero byte; empty where there is none.
    public var prefix: Range<Int> = 0..<0
    /// The packet, from its network header on. May be shorter than `payloadLength` where the capture was cut.
    public var payload: Range<Int> = 0..<0
    /// Bytes that the payload attribute says it has.
    public var payloadLength = 0
    /// Counts the messages of one group.
    public var sequence: UInt32?
    /// Counts the messages of all groups.
    public var globalSequence: UInt32?
    /// The sending socket's owner.
    public var userID: UInt32?
    public var groupID: UInt32?
    /// The bytes end inside an attribute.
    public var isCutShort = false

    /// Nil where there is no whole `struct nfgenmsg` of version 0, or an attribute is shorter than its own header.
    public init?(_ bytes: RawSpan) {
        guard bytes.holds(Self.headerLength, at: 0), bytes.u8(1) == 0 else { return nil }
        family = bytes.u8(0)
        group = bytes.u16(2)
        // The first attribute is short: in big-endian order its length begins with a zero byte.
        let isBigEndian = bytes.u8(4) == 0 && bytes.u8(5) != 0
        var offset = Self.headerLength
        while bytes.byteCount > offset {
            guard bytes.holds(4, at: offset) else {
                isCutShort = true
                break
            }
            let length = Int(isBigEndian ? bytes.u16(offset) : bytes.u16(offset).byteSwapped)
            // The two upper bits say "nested" and "network order".
            let type = (isBigEndian ? bytes.u16(offset &+ 2) : bytes.u16(offset &+ 2).byteSwapped) & 0x3fff
            guard length >= 4 else { return nil }
            let start = offset &+ 4
            let end = min(offset &+ length, bytes.byteCount)
            if offset &+ length > bytes.byteCount { isCutShort = true }
            read(type, bytes, at: start, end: end, length: length &- 4)
            offset &+= (length &+ 3) & ~3
        }
        if hardwareProtocol == 0 {
            switch family {
            case 2: hardwareProtocol = 0x0800
            case 3: hardwareProtocol = 0x0806
            case 10: hardwareProtocol = 0x86dd
            default: break
            }
        }
    }

    private mutating func read(_ type: UInt16, _ bytes: RawSpan, at start: Int, end: Int, length: Int) {
        let present = end &- start
        switch (type, present) {
        case (1, 4...):  // NFULA_PACKET_HDR
            hardwareProtocol = bytes.u16(start)
            hook = bytes.u8(start &+ 2)
        case (2, 4...): mark = bytes.u32(start)
        case (3, 16...):  // NFULA_TIMESTAMP: seconds, microseconds
            let seconds = bytes.u64(start)
            let microseconds = bytes.u64(start &+ 8)
            guard seconds < 1 << 33, microseconds < 1_000_000 else { return }
            timestampNanoseconds = Int64(seconds) * 1_000_000_000 + Int64(microseconds) * 1000
        case (4, 4...): inDevice = bytes.u32(start)
        case (5, 4...): outDevice = bytes.u32(start)
        case (6, 4...): physicalInDevice = bytes.u32(start)
        case (7, 4...): physicalOutDevice = bytes.u32(start)
        case (8, 10...):  // NFULA_HWADDR: length, padding, eight bytes
            if bytes.u16(start) == 6 { sourceAddress = bytes.macAddress(start &+ 4) }
        case (9, 0...):
            payload = start..<end
            payloadLength = length
        case (10, 1...):
            var last = start
            while last < end, bytes.u8(last) != 0 { last &+= 1 }
            prefix = start..<last
        case (11, 4...): userID = bytes.u32(start)
        case (12, 4...): sequence = bytes.u32(start)
        case (13, 4...): globalSequence = bytes.u32(start)
        case (14, 4...): groupID = bytes.u32(start)
        case (16, 14) where length == 14:  // NFULA_HWHEADER of an Ethernet device
            destinationAddress = bytes.macAddress(start)
            sourceAddress = bytes.macAddress(start &+ 6)
        default: break
        }
    }
}
