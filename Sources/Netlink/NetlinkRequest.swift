internal import CNetlink

/// A request to be sent: a header, the protocol's own fixed part, attributes.
package struct NetlinkRequest: Sendable {
    package var type: UInt16
    package var flags: UInt16
    private var body: [UInt8]

    /// - Parameters:
    ///   - flags: `NLM_F_` beside NLM_F_REQUEST. A dump's are set where it is asked for (`NetlinkConversation.dump`).
    ///   - fixed: the protocol's own header (`struct ifinfomsg`, …), as bytes.
    package init(type: some BinaryInteger, flags: Int32 = 0, fixed: [UInt8]) {
        self.type = UInt16(truncatingIfNeeded: type)
        self.flags = UInt16(truncatingIfNeeded: flags | NLM_F_REQUEST)
        body = fixed
        pad()
    }

    /// The same from a C structure without pointers.
    package init<Fixed: BitwiseCopyable>(type: some BinaryInteger, flags: Int32 = 0, structure: Fixed) {
        self.init(type: type, flags: flags, fixed: withUnsafeBytes(of: structure) { [UInt8]($0) })
    }

    /// A request of nfnetlink: its fixed part is `struct nfgenmsg` (linux/netfilter/nfnetlink.h).
    ///
    /// - Parameters:
    ///   - subsystem: `NFNL_SUBSYS_`.
    ///   - family: `NFPROTO_`; 0 for all.
    ///   - resource: what the subsystem makes of it: NFLOG's group.
    package init(
        subsystem: Int32, message: some BinaryInteger, flags: Int32 = 0, family: UInt8 = 0, resource: UInt16 = 0
    ) {
        self.init(
            type: subsystem << 8 | Int32(truncatingIfNeeded: message), flags: flags,
            fixed: [family, UInt8(NFNETLINK_V0), UInt8(resource >> 8), UInt8(resource & 0xff)])
    }

    /// Appends a number in host order.
    package mutating func append(_ type: some BinaryInteger, _ value: some FixedWidthInteger & BitwiseCopyable) {
        append(type, bytes: withUnsafeBytes(of: value) { [UInt8]($0) })
    }

    /// Appends a number in network order.
    package mutating func append(
        _ type: some BinaryInteger, network value: some FixedWidthInteger & BitwiseCopyable
    ) {
        append(type, value.bigEndian)
    }

    /// Appends a text and the NUL that ends it.
    package mutating func append(_ type: some BinaryInteger, text: String) {
        append(type, bytes: Array(text.utf8) + [0])
    }

    package mutating func append(_ type: some BinaryInteger, bytes: [UInt8]) {
        for number in [UInt16(4 + bytes.count), UInt16(truncatingIfNeeded: type)] {
            withUnsafeBytes(of: number) { body.append(contentsOf: $0) }
        }
        body += bytes
        pad()
    }

    private mutating func pad() {
        while body.count % 4 != 0 { body.append(0) }
    }

    /// The whole message, as it is sent.
    package func bytes(sequence: UInt32, port: UInt32) -> [UInt8] {
        var header = nlmsghdr()
        header.nlmsg_len = UInt32(NetlinkMessage.headerLength + body.count)
        header.nlmsg_type = type
        header.nlmsg_flags = flags
        header.nlmsg_seq = sequence
        header.nlmsg_pid = port
        return withUnsafeBytes(of: header) { [UInt8]($0) } + body
    }
}
