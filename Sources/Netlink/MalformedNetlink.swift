/// A datagram that is no netlink: a length in it leads outside.
package struct MalformedNetlink: Error, Hashable, CustomStringConvertible {
    /// Bytes from the datagram's start to the message at fault.
    package var offset: Int
    package var description: String { "malformed netlink message at byte \(offset)" }
}
