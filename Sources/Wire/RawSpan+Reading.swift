/// The one place where packet bytes are read: network order, any alignment, and zero behind the end.
///
/// A read outside of the span gives zero and never traps; `holds` says beforehand whether the bytes are there.
extension RawSpan {
    /// Whether `count` bytes stand at `offset`. `count` is not negative.
    @inline(__always)
    func holds(_ count: Int, at offset: Int) -> Bool {
        offset >= 0 && offset <= byteCount &- count
    }

    @inline(__always)
    func u8(_ offset: Int) -> UInt8 {
        guard holds(1, at: offset) else { return 0 }
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    @inline(__always)
    func u16(_ offset: Int) -> UInt16 {
        guard holds(2, at: offset) else { return 0 }
        return unsafe UInt16(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    func u32(_ offset: Int) -> UInt32 {
        guard holds(4, at: offset) else { return 0 }
        return unsafe UInt32(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self))
    }

    @inline(__always)
    func u48(_ offset: Int) -> UInt64 {
        UInt64(u16(offset)) << 32 | UInt64(u32(offset &+ 2))
    }

    @inline(__always)
    func u64(_ offset: Int) -> UInt64 {
        guard holds(8, at: offset) else { return 0 }
        return unsafe UInt64(bigEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// The first `count` bytes at `offset`, at most eight, as a little-endian number with zeros behind them.
    @inline(__always)
    func littleEndianWord(_ offset: Int, count: Int) -> UInt64 {
        if count <= 0 { return 0 }
        if holds(8, at: offset) {
            let word = unsafe UInt64(
                littleEndian: unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
            return count >= 8 ? word : word & ((1 &<< UInt64(8 &* count)) &- 1)
        }
        // Near the end: the eight bytes that end there, less those in front of `offset`.
        let present = min(min(count, 8), byteCount &- offset)
        if present > 0, holds(8, at: offset &+ present &- 8) {
            let word = unsafe UInt64(
                littleEndian: unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset &+ present &- 8, as: UInt64.self))
            return word &>> UInt64(64 &- 8 &* present)
        }
        var word: UInt64 = 0
        var index = 0
        while index < present {
            word |= UInt64(u8(offset &+ index)) &<< UInt64(8 &* index)
            index &+= 1
        }
        return word
    }

    @inline(__always)
    func ipv4Address(_ offset: Int) -> IPAddress { IPAddress(ipv4: u32(offset)) }

    @inline(__always)
    func ipv6Address(_ offset: Int) -> IPAddress { IPAddress(high: u64(offset), low: u64(offset &+ 8)) }

    @inline(__always)
    func macAddress(_ offset: Int) -> MACAddress { MACAddress(value: u48(offset)) }
}
