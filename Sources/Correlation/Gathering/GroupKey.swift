internal import WalkModel
import Observations
import Wire

/// What all sightings of one packet share, as a key: mostly the label.
///
/// Fragments share only their datagram's key with the whole. So packets that may be fragments' whole are gathered by
/// that as well, and told apart by their label when the group ends.
enum GroupKey {
    /// Bytes. No link in use cuts shorter packets.
    private static let mayBeCut = 1000
    private static let datagramSalt: UInt64 = 0x5bd1_e995

    static func of(_ headers: borrowing PacketHeaders) -> UInt64 {
        if headers.isFragment { return ofFragments(headers.datagramKey) }
        if headers.datagramStart != 0 { return ofStart(headers) }
        guard headers.length > mayBeCut, headers.datagramKey != 0, headers.ipProtocol != .tcp,
            !headers.flags.contains(.dontFragment)
        else { return headers.label }
        return mix(headers.datagramKey, datagramSalt)
    }

    static func ofFragments(_ datagramKey: UInt64) -> UInt64 { mix(datagramKey, datagramSalt) }

    /// Of an IPv6 datagram and its first fragment, which start with the same bytes.
    static func ofStart(_ headers: borrowing PacketHeaders) -> UInt64 { mix(headers.datagramStart, 0x6461_7461) }

    /// Of the IPv4 datagram, or the IPv6 datagram in fragments, that an event is about; nil for others.
    static func ofDatagram(_ headers: PacketHeadersRecord) -> UInt64? {
        if let key = headers.datagramKey { return ofFragments(key) }
        guard headers.identification != 0, headers.tuple.source.isIPv4 else { return nil }
        // As `PacketHeaders.datagramKey` packs it.
        let datagram = 4 << 56 | UInt64(headers.tuple.ipProtocol.rawValue) << 48 | UInt64(headers.identification)
        return mix(datagram, datagramSalt)
    }
}
