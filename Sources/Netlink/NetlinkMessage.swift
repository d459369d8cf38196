internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// One netlink message: what `struct nlmsghdr` says and the bytes after it, in host byte order (netlink(7)).
package struct NetlinkMessage: Sendable, Hashable {
    package var type: UInt16
    package var flags: UInt16
    package var sequence: UInt32
    /// A slice of the datagram: nothing is copied.
    package var payload: ArraySlice<UInt8>

    @inlinable
    package init(type: UInt16, flags: UInt16, sequence: UInt32, payload: ArraySlice<UInt8>) {
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.payload = payload
    }

    /// The length of `struct nlmsghdr` in bytes.
    @inlinable package static var headerLength: Int { 16 }

    /// Every message of a datagram. Throws `MalformedNetlink` where a length leads outside of it.
    package static func split(_ datagram: [UInt8]) throws -> [NetlinkMessage] {
        var reading = NetlinkMessages(datagram[...])
        var messages: [NetlinkMessage] = []
        while let message = reading.next() { messages.append(message) }
        if let offset = reading.malformedOffset { throw MalformedNetlink(offset: offset) }
        return messages
    }

    /// The attributes after a fixed part of `size` bytes; none where the message is shorter.
    @inlinable
    package func attributes(after size: Int) -> NetlinkAttributes {
        NetlinkAttributes(payload.dropFirst((size + 3) & ~3))
    }

    /// The positive errno of an NLMSG_ERROR or NLMSG_DONE, 0 for an acknowledgement or a complete dump; nil for any
    /// other message.
    package var errorNumber: Int32? {
        guard Int32(type) == NLMSG_ERROR || Int32(type) == NLMSG_DONE else { return nil }
        guard let number = payload.hostInt32() else { return Int32(type) == NLMSG_DONE ? 0 : EBADMSG }
        // The kernel writes negative numbers; one has no positive counterpart.
        return number == .min ? EINVAL : max(0, -number)
    }

    /// What the kernel writes about a refusal besides its number (NLMSGERR_ATTR_MSG); nil where it writes nothing.
    package var explanation: String? {
        guard errorNumber != nil, Int32(flags) & NLM_F_ACK_TLVS != 0 else { return nil }
        var length = MemoryLayout<Int32>.size
        if Int32(type) == NLMSG_ERROR {
            // struct nlmsgerr: the number, then the header of the request and, unless it is capped, its body.
            let isCapped = Int32(flags) & NLM_F_CAPPED != 0
            guard let request = payload.hostUInt32(at: length) else { return nil }
            length += isCapped ? Self.headerLength : Int(request)
        }
        return attributes(after: length)[Int(NLMSGERR_ATTR_MSG.rawValue)]?.text
    }
}
