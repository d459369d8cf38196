internal import Network
internal import CNetlink
internal import LinuxSystem

/// A request to be sent: a header, a fixed part, attributes.
struct NetlinkRequest {
    var type: UInt16
    var flags: UInt16
    private var body: [UInt8]

    /// - Parameter fixed: the protocol's own header (`struct ifinfomsg`, …), as bytes.
    init(type: some BinaryInteger, flags: Int32 = NLM_F_DUMP, fixed: [UInt8]) {
        self.type = UInt16(truncatingIfNeeded: type)
        self.flags = UInt16(truncatingIfNeeded: flags | NLM_F_REQUEST)
        body = fixed
        pad()
    }

    /// The same from a C structure without pointers.
    init<Fixed: BitwiseCopyable>(type: some BinaryInteger, flags: Int32 = NLM_F_DUMP, structure: Fixed) {
        self.init(type: type, flags: flags, fixed: withUnsafeBytes(of: structure) { [UInt8]($0) })
    }

    mutating func append(_ type: some BinaryInteger, _ value: UInt32) {
        append(type, bytes: withUnsafeBytes(of: value) { [UInt8]($0) })
    }

    mutating func append(_ type: some BinaryInteger, bytes: [UInt8]) {
        for word in [UInt16(4 + bytes.count), UInt16(truncatingIfNeeded: type)] {
            withUnsafeBytes(of: word) { body.append(contentsOf: $0) }
        }
        body += bytes
        pad()
    }

    private mutating func pad() {
        while body.count % 4 != 0 { body.append(0) }
    }

    func bytes(sequence: UInt32, port: UInt32) -> [UInt8] {
        var header = nlmsghdr()
        header.nlmsg_len = UInt32(NetlinkMessage.headerSize + body.count)
        header.nlmsg_type = type
        header.nlmsg_flags = flags
        header.nlmsg_seq = sequence
        header.nlmsg_pid = port
        return withUnsafeBytes(of: header) { [UInt8]($0) } + body
    }
}

/// A conversation on a channel: requests with their replies told apart by sequence number.
struct NetlinkConversation {
    let channel: any NetlinkChannel
    private var sequence: UInt32 = 0

    init(_ channel: any NetlinkChannel) { self.channel = channel }

    /// Sends a dump request and gives every message of the answer to `body`.
    ///
    /// Where the kernel says that the tables changed under the dump (`NLM_F_DUMP_INTR`), it is asked again, three times
    /// at most. Throws `SystemError` with the kernel's error.
    mutating func dump<Value>(
        _ request: NetlinkRequest, _ attempt: String, _ transform: (NetlinkMessage) throws -> Value?
    ) throws -> [Value] {
        var values: [Value] = []
        for _ in 0..<3 {
            values.removeAll(keepingCapacity: true)
            if try !exchange(request, attempt, { if let value = try transform($0) { values.append(value) } }) { break }
        }
        return values
    }

    /// Sends a request that one message answers.
    mutating func ask(_ request: NetlinkRequest, _ attempt: String) throws -> NetlinkMessage? {
        var answer: NetlinkMessage?
        _ = try exchange(request, attempt) { answer = $0 }
        return answer
    }

    /// Whether the answer was interrupted.
    private mutating func exchange(
        _ request: NetlinkRequest, _ attempt: String, _ body: (NetlinkMessage) throws -> Void
    ) throws -> Bool {
        sequence += 1
        let isDump = Int32(request.flags) & NLM_F_DUMP == NLM_F_DUMP
        var interrupted = false
        try channel.send(request.bytes(sequence: sequence, port: channel.portIdentifier))
        while true {
            for message in try NetlinkMessage.split(try channel.receive()) where message.sequence == sequence {
                if Int32(message.flags) & NLM_F_DUMP_INTR != 0 { interrupted = true }
                switch Int32(message.type) {
                case NLMSG_DONE:
                    try check(message, attempt)
                    return interrupted
                case NLMSG_ERROR:
                    try check(message, attempt)
                    return interrupted
                case NLMSG_NOOP, NLMSG_OVERRUN:
                    continue
                default:
                    try body(message)
                    if !isDump { return interrupted }
                }
            }
        }
    }

    private func check(_ message: NetlinkMessage, _ attempt: String) throws {
        if let code = message.payload.hostInt32(), code < 0 {
            throw SystemError(attempt, errorNumber: code == .min ? 0 : -code)
        }
    }
}
