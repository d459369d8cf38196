internal import LinuxSystem

/// Readers of numbers in a message. Offsets count from the slice's start; what lies outside of it reads as nil.
extension ArraySlice<UInt8> {
    @inlinable
    package func byte(at offset: Int = 0) -> UInt8? {
        offset >= 0 && offset < count ? self[startIndex + offset] : nil
    }

    // In the host's byte order, as rtnetlink writes.

    @inlinable
    package func hostUInt16(at offset: Int = 0) -> UInt16? { number(at: offset) }

    @inlinable
    package func hostUInt32(at offset: Int = 0) -> UInt32? { number(at: offset) }

    @inlinable
    package func hostUInt64(at offset: Int = 0) -> UInt64? { number(at: offset) }

    @inlinable
    package func hostInt32(at offset: Int = 0) -> Int32? { number(at: offset) }

    /// All of it as numbers of 32 bits; what is left over at the end is not read.
    package var hostUInt32s: [UInt32] {
        stride(from: 0, to: count & ~3, by: 4).map { hostUInt32(at: $0) ?? 0 }
    }

    // In network order, as netfilter writes.

    @inlinable
    package func networkUInt16(at offset: Int = 0) -> UInt16? { number(at: offset).map { UInt16(bigEndian: $0) } }

    @inlinable
    package func networkUInt32(at offset: Int = 0) -> UInt32? { number(at: offset).map { UInt32(bigEndian: $0) } }

    @inlinable
    package func networkUInt64(at offset: Int = 0) -> UInt64? { number(at: offset).map { UInt64(bigEndian: $0) } }

    /// A name that ends at its first NUL or with the attribute.
    package var text: String {
        String(kernelName: prefix { $0 != 0 })
    }

    @inlinable
    func number<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value? {
        guard offset >= 0, offset <= count - MemoryLayout<Value>.size else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Value.self) }
    }
}
