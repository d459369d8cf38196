/// Where netlink messages go and come from: a kernel socket, or recorded bytes in a test.
///
/// Three members, so that everything above is tested without privilege (netlink(7)).
package protocol NetlinkChannel: Sendable {
    /// The address that replies carry (`nlmsg_pid`).
    var portIdentifier: UInt32 { get }
    /// Sends one datagram: one or more whole messages.
    func send(_ datagram: [UInt8]) throws
    /// Waits for the next datagram: one or more whole messages.
    func receive() throws -> [UInt8]
}
