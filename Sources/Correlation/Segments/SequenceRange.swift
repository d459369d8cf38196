internal import WalkModel

/// The bytes of a TCP stream that a packet carries, or several together.
struct SequenceRange {
    /// What segmentation copies to every segment (RFC 9293, RFC 7323): acknowledgement and time stamp, hashed.
    var stream: UInt64
    var start: UInt32
    /// Bytes; sequence numbers wrap.
    var length: UInt32

    init(_ sighting: Sighting) {
        let hasTimestamp = sighting.has(Sighting.hasTCPTimestamp)
        stream = mix(
            UInt64(sighting.tcpAcknowledgement) << 32 | UInt64(hasTimestamp ? sighting.tcpTimestamp : 0),
            1 << 50 | (hasTimestamp ? 2 : 0) | (sighting.has(Sighting.isIPv6) ? 1 : 0))
        start = sighting.tcpSequence
        length = sighting.payloadLength
    }

    /// A part of another one.
    init(of whole: SequenceRange, offset: UInt32, length: UInt32) {
        stream = whole.stream
        start = whole.start &+ offset
        self.length = length
    }

    /// The first sequence number after it.
    var end: UInt32 { start &+ length }

    func contains(_ other: SequenceRange) -> Bool {
        let offset = other.start &- start
        return stream == other.stream && offset < length && other.length <= length - offset
    }

    func overlaps(_ other: SequenceRange) -> Bool {
        stream == other.stream && (other.start &- start < length || start &- other.start < other.length)
    }
}
