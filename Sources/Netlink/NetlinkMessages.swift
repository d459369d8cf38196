/// The messages of one datagram, in order; ends at the first that contradicts itself. Allocates nothing.
package struct NetlinkMessages: Sequence, IteratorProtocol {
    @usableFromInline var rest: ArraySlice<UInt8>
    @usableFromInline let start: Int

    @inlinable
    package init(_ datagram: ArraySlice<UInt8>) {
        rest = datagram
        start = datagram.startIndex
    }

    @inlinable
    package mutating func next() -> NetlinkMessage? {
        guard let length = rest.hostUInt32(at: 0), let type = rest.hostUInt16(at: 4),
            let flags = rest.hostUInt16(at: 6), let sequence = rest.hostUInt32(at: 8),
            length >= NetlinkMessage.headerLength, Int(length) <= rest.count
        else { return nil }
        let message = NetlinkMessage(
            type: type, flags: flags, sequence: sequence,
            payload: rest[rest.startIndex + NetlinkMessage.headerLength..<rest.startIndex + Int(length)])
        // NLMSG_ALIGN
        rest = rest.dropFirst((Int(length) + 3) & ~3)
        return message
    }

    /// Where the reading ended before the datagram did, in bytes from its start; nil after all of it was read.
    package var malformedOffset: Int? { rest.isEmpty ? nil : rest.startIndex - start }
}
