/// The attributes (`struct nlattr`, `struct rtattr`) in some bytes, in order; ends at the first that does not fit.
///
/// A lookup by type goes through the bytes once and allocates nothing: to read many attributes, loop over them.
package struct NetlinkAttributes: Sequence, IteratorProtocol {
    @usableFromInline var rest: ArraySlice<UInt8>

    @inlinable
    package init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    @inlinable
    package mutating func next() -> (type: Int, value: ArraySlice<UInt8>)? {
        guard let length = rest.hostUInt16(at: 0), let type = rest.hostUInt16(at: 2), length >= 4,
            Int(length) <= rest.count
        else { return nil }
        let value = rest[rest.startIndex + 4..<rest.startIndex + Int(length)]
        rest = rest.dropFirst((Int(length) + 3) & ~3)
        // The two highest bits say "nested" and "network order" (NLA_TYPE_MASK).
        return (Int(type & 0x3fff), value)
    }

    /// The value of the first attribute of a type.
    @inlinable
    package subscript(type: Int) -> ArraySlice<UInt8>? {
        for (found, value) in self where found == type { return value }
        return nil
    }

    /// The attributes inside of the first attribute of a type.
    @inlinable
    package func nested(_ type: Int) -> NetlinkAttributes? { self[type].map { NetlinkAttributes($0) } }
}
