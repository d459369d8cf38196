internal import CNetlink
internal import LinuxSystem

/// A conversation on a channel: requests, whose replies are told apart by sequence number.
///
///     var conversation = NetlinkConversation(try NetlinkSocket(.route))
///     let routes = try conversation.dump(NetlinkRequest(type: RTM_GETROUTE, structure: rtmsg()), "read the routes") {
///         Route($0, names: names)
///     }
package struct NetlinkConversation: Sendable {
    package let channel: any NetlinkChannel
    private var sequence: UInt32 = 0

    package init(_ channel: any NetlinkChannel) { self.channel = channel }

    /// Asks for a whole table and gives what `transform` makes of each message of the answer.
    ///
    /// Where the kernel says that the table changed under the dump (`NLM_F_DUMP_INTR`), it is asked again, three times
    /// at most. Throws `SystemError` with the kernel's error.
    ///
    /// - Parameters:
    ///   - attempt: what is done, for the error: `read the routes`.
    ///   - limit: values after which the reading ends; the channel is of no use for another dump then.
    package mutating func dump<Value>(
        _ request: NetlinkRequest, _ attempt: String, limit: Int = .max,
        _ transform: (NetlinkMessage) throws -> Value?
    ) throws -> [Value] {
        var request = request
        request.flags |= UInt16(NLM_F_DUMP)
        var values: [Value] = []
        for _ in 0..<3 {
            values.removeAll(keepingCapacity: true)
            var isInterrupted = false
            try exchange([request]) { message in
                if Int32(message.flags) & NLM_F_DUMP_INTR != 0 { isInterrupted = true }
                if let number = message.errorNumber {
                    if number != 0 { throw SystemError(attempt, errorNumber: number, explanation: message.explanation) }
                    return true
                }
                if let value = try transform(message) { values.append(value) }
                return values.count >= limit
            }
            if !isInterrupted { break }
        }
        return values
    }

    /// Sends a request that one message answers; nil where it was acknowledged only. Throws `SystemError` with the
    /// kernel's error.
    @discardableResult
    package mutating func ask(_ request: NetlinkRequest, _ attempt: String) throws -> NetlinkMessage? {
        switch try answer(to: request) {
        case .message(let message): return message
        case .acknowledged: return nil
        case .refused(let number, let explanation):
            throw SystemError(attempt, errorNumber: number, explanation: explanation)
        }
    }

    /// Sends requests as one datagram and gives the first answer to any of them. Throws `SystemError` only where the
    /// channel fails.
    package mutating func answer(to requests: NetlinkRequest...) throws -> NetlinkAnswer {
        var answer = NetlinkAnswer.acknowledged
        try exchange(requests) { message in
            if let number = message.errorNumber {
                if number != 0 { answer = .refused(errorNumber: number, explanation: message.explanation) }
            } else {
                answer = .message(message)
            }
            return true
        }
        return answer
    }

    /// Sends the requests under one new number, and gives the messages that bear it to `body` until that returns true.
    private mutating func exchange(_ requests: [NetlinkRequest], _ body: (NetlinkMessage) throws -> Bool) throws {
        sequence &+= 1
        try channel.send(requests.flatMap { $0.bytes(sequence: sequence, port: channel.portIdentifier) })
        while true {
            for message in try NetlinkMessage.split(try channel.receive()) where message.sequence == sequence {
                if Int32(message.type) == NLMSG_NOOP || Int32(message.type) == NLMSG_OVERRUN { continue }
                if try body(message) { return }
            }
        }
    }
}
