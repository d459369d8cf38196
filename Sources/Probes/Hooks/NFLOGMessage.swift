internal import CNetlink
internal import Glibc

/// One packet as NFLOG reports it: `struct nlmsghdr`, `struct nfgenmsg`, then the NFULA_ attributes of
/// linux/netfilter/nfnetlink_log.h. Ranges are offsets into the datagram that it was read from.
struct NFLOGMessage: Equatable {
    var group: UInt16 = 0
    /// `enum nf_inet_hooks`.
    var hook: UInt8 = 0
    /// EtherType, host byte order.
    var protocolNumber: UInt16 = 0
    var mark: UInt32 = 0
    /// When the packet came into the namespace, or passed the hook where it was not stamped then. The kernel gives it
    /// up to the forward hook only, in microseconds.
    var timestampMicroseconds: Int64?
    /// The same in nanoseconds. The kernel cuts the time down to microseconds, while the link's capture keeps its
    /// nanoseconds: the end of the microsecond, so that no packet seems to pass a hook before it came in.
    var arrivalNanoseconds: Int64? { timestampMicroseconds.map { $0 * 1000 + 999 } }
    var inDevice: UInt32 = 0
    var outDevice: UInt32 = 0
    var physicalInDevice: UInt32 = 0
    var physicalOutDevice: UInt32 = 0
    var payload: Range<Int> = 0..<0
    /// Without its closing NUL.
    var prefix: Range<Int> = 0..<0
    var sequence: UInt32?

    /// What a datagram holds besides packets.
    enum Part: Equatable {
        case packet(NFLOGMessage)
        /// NLMSG_ERROR: 0 for an acknowledgement, else a positive errno.
        case answer(errno: Int32)
    }

    /// Calls `body` for each message of a datagram, in order. Any bytes are safe to give: what is cut short or
    /// contradicts itself ends the reading, and false is returned.
    @discardableResult
    static func forEach(in datagram: UnsafeRawBufferPointer, _ body: (Part) -> Void) -> Bool {
        var offset = 0
        while offset + 16 <= datagram.count {
            let length = Int(datagram.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            let type = datagram.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self)
            guard length >= 16, length <= datagram.count - offset else { return false }
            let end = offset + length
            if type == packetType {
                guard let message = NFLOGMessage(datagram, from: offset + 16, to: end) else { return false }
                body(.packet(message))
            } else if type == UInt16(NLMSG_ERROR) {
                guard length >= 20 else { return false }
                let code = datagram.loadUnaligned(fromByteOffset: offset + 16, as: Int32.self)
                body(.answer(errno: code == Int32.min ? EINVAL : abs(code)))
            }
            offset = (end + 3) & ~3
        }
        return offset >= datagram.count
    }

    private static let packetType = UInt16(NFNL_SUBSYS_ULOG) << 8 | UInt16(NFULNL_MSG_PACKET.rawValue)

    init() {}

    /// Reads `struct nfgenmsg` and the attributes in `start..<end`; nil where they contradict themselves.
    private init?(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int) {
        guard end - start >= 4 else { return nil }
        group = bytes.bigEndian16(start + 2)
        var offset = start + 4
        while offset + 4 <= end {
            let length = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            let type = bytes.loadUnaligned(fromByteOffset: offset + 2, as: UInt16.self) & 0x3fff
            guard length >= 4, length <= end - offset else { return nil }
            take(bytes, type: type, value: offset + 4..<offset + length)
            offset += (length + 3) & ~3
        }
    }

    private mutating func take(_ bytes: UnsafeRawBufferPointer, type: UInt16, value: Range<Int>) {
        let start = value.lowerBound
        switch (UInt32(type), value.count) {
        case (NFULA_PACKET_HDR.rawValue, 4...):
            protocolNumber = bytes.bigEndian16(start)
            hook = bytes[start + 2]
        case (NFULA_MARK.rawValue, 4...): mark = bytes.bigEndian32(start)
        case (NFULA_TIMESTAMP.rawValue, 16...):
            let seconds = Int64(bytes.bigEndian32(start)) << 32 | Int64(bytes.bigEndian32(start + 4))
            let microseconds = Int64(bytes.bigEndian32(start + 8)) << 32 | Int64(bytes.bigEndian32(start + 12))
            // Beyond the year 2262 nanoseconds since 1970 do not fit.
            guard (0..<9_223_372_036).contains(seconds), (0..<1_000_000).contains(microseconds) else { return }
            timestampMicroseconds = seconds * 1_000_000 + microseconds
        case (NFULA_IFINDEX_INDEV.rawValue, 4...): inDevice = bytes.bigEndian32(start)
        case (NFULA_IFINDEX_OUTDEV.rawValue, 4...): outDevice = bytes.bigEndian32(start)
        case (NFULA_IFINDEX_PHYSINDEV.rawValue, 4...): physicalInDevice = bytes.bigEndian32(start)
        case (NFULA_IFINDEX_PHYSOUTDEV.rawValue, 4...): physicalOutDevice = bytes.bigEndian32(start)
        case (NFULA_PAYLOAD.rawValue, _): payload = value
        case (NFULA_PREFIX.rawValue, _):
            let end = value.first { bytes[$0] == 0 } ?? value.upperBound
            prefix = start..<end
        case (NFULA_SEQ.rawValue, 4...): sequence = bytes.bigEndian32(start)
        default: break
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func bigEndian16(_ offset: Int) -> UInt16 {
        UInt16(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    fileprivate func bigEndian32(_ offset: Int) -> UInt32 {
        UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
