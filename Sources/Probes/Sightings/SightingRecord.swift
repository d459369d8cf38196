internal import Wire

/// `struct sighting` of sighting.bpf.c, read from its bytes: 64 of fields, then the first of the packet. Native byte order.
struct SightingRecord {
    enum Kind: UInt8 {
        case hook = 0
        case comingIn = 1
        case goingOut = 2
        /// Not a sighting, but a `DropRecord`, which has its kind in the same place.
        case drop = 3
    }

    /// CLOCK_MONOTONIC.
    var timeNanoseconds: UInt64
    /// The same in all records of one `struct sk_buff` between two frees, for a second at most, and in no other's; 0 where it
    /// is not known.
    var packet: UInt64
    /// The namespace in the upper half, in the lower one a device's index or which point of which hook.
    var place: UInt64
    /// From the first byte kept to the packet's end.
    var length: UInt32
    var mark: UInt32
    var inDevice: UInt32
    var outDevice: UInt32
    var physicalInDevice: UInt32
    var physicalOutDevice: UInt32
    /// Ethertype of a tag that the kernel keeps beside the packet; 0 for none.
    var vlanProtocol: UInt16
    var vlanTag: UInt16
    var kind: Kind
    var bytes: UnsafeRawBufferPointer

    static let headBytes = 64

    /// What a record of the ring is; nil for what is none.
    static func kind(_ record: UnsafeRawBufferPointer) -> Kind? {
        record.count >= headBytes ? Kind(rawValue: record[56]) : nil
    }

    /// Nil for what is none.
    init?(_ record: UnsafeRawBufferPointer) {
        guard let kind = Self.kind(record), kind != .drop else { return nil }
        self.kind = kind
        timeNanoseconds = record.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        let identity = record.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        let slot = record.loadUnaligned(fromByteOffset: 48, as: UInt16.self)
        packet = identity == 0 ? 0 : Self.packet(identity, slot: slot, timeNanoseconds: timeNanoseconds)
        place = SightingPlace.key(
            inode: record.loadUnaligned(fromByteOffset: 16, as: UInt32.self),
            record.loadUnaligned(fromByteOffset: 20, as: UInt32.self))
        length = record.loadUnaligned(fromByteOffset: 24, as: UInt32.self)
        mark = record.loadUnaligned(fromByteOffset: 28, as: UInt32.self)
        inDevice = record.loadUnaligned(fromByteOffset: 32, as: UInt32.self)
        outDevice = record.loadUnaligned(fromByteOffset: 36, as: UInt32.self)
        physicalInDevice = record.loadUnaligned(fromByteOffset: 40, as: UInt32.self)
        physicalOutDevice = record.loadUnaligned(fromByteOffset: 44, as: UInt32.self)
        let captured = Int(record.loadUnaligned(fromByteOffset: 50, as: UInt16.self))
        vlanProtocol = record.loadUnaligned(fromByteOffset: 52, as: UInt16.self)
        vlanTag = record.loadUnaligned(fromByteOffset: 54, as: UInt16.self)
        let end = min(record.count, Self.headBytes + captured)
        bytes = UnsafeRawBufferPointer(rebasing: record[Self.headBytes..<end])
    }
}

extension SightingRecord {
    /// How much of the time at which the packet was first seen the program keeps: units of 256 ns, modulo a second.
    private static let timeBits: UInt64 = 22

    /// Puts together what the program keeps of a packet, and when it was first seen: the last time that fits.
    fileprivate static func packet(_ identity: UInt64, slot: UInt16, timeNanoseconds: UInt64) -> UInt64 {
        let now = timeNanoseconds >> 8
        let mask = (1 << timeBits) as UInt64 - 1
        var born = now & ~mask | identity & mask
        if born > now { born &-= mask + 1 }
        var hash = (identity ^ UInt64(slot) &* 0xff51_afd7_ed55_8ccd) &* 0x9e37_79b9_7f4a_7c15
        hash ^= hash >> 32
        hash = (hash ^ born) &* 0xc4ce_b9fe_1a85_ec53
        return max(1, hash ^ hash >> 29)
    }
}

/// How a record names its place.
enum SightingPlace {
    static func key(inode: UInt32, _ place: UInt32) -> UInt64 { UInt64(inode) << 32 | UInt64(place) }

    /// Of a point of a hook.
    static func key(inode: UInt32, hook: UInt32, family: Int32, point: Int) -> UInt64 {
        key(inode: inode, hook | UInt32(family) << 8 | UInt32(point) << 16)
    }
}
