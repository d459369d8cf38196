import Wire

/// Ties a datagram that nothing answered to one that came from another address, or another port, than it asked.
///
/// A server with several addresses that does not choose one for its reply gets the one that the route back prefers (RFC
/// 1122, 4.1.3.5, wants that of the request); TFTP replies from a new port (RFC 1350). What stays is the asker's address
/// and port, with the server's port or its address.
struct RepliesFromElsewhere: ~Copyable {
    private static let waitNanoseconds: Int64 = 2_000_000_000

    private var requests = AnswerTable(sets: 1 << 12)
    /// Replies that ended before what they answer.
    private var early = AnswerTable(sets: 1 << 12)

    /// What the reply to a datagram has in common with one from another address, and with one from another port; 0 for none.
    private struct Keys {
        var address: UInt64 = 0
        var port: UInt64 = 0

        /// Ports of the asker below 1024 are services, whose datagrams need not belong together; only services reply from
        /// another port.
        ///
        /// - Parameter reply: the flow of the reply, as it should look.
        init(_ reply: FlowKey, _ sighting: borrowing Sighting) {
            guard sighting.ipProtocol == IPProtocol.udp.rawValue, !sighting.has(Sighting.quotesPacket),
                sighting.has(Sighting.hasTransport), reply.destinationPort >= 1024,
                reply.destinationPort != reply.sourcePort
            else { return }
            var other = reply
            other.sourceHigh = 0
            other.sourceLow = 0
            address = mix(other.hash, 1 << 43)
            other = reply
            other.sourcePort = 0
            port = mix(other.hash, 1 << 44)
        }
    }

    /// A datagram that waits for its reply.
    /// - Returns: the reply that was there before.
    mutating func ask(
        _ reply: FlowKey, _ sighting: borrowing Sighting, _ identifier: WalkIdentifier, timeNanoseconds: Int64
    ) -> WalkIdentifier? {
        guard Self.isForOne(reply, sighting) else { return nil }
        let keys = Keys(reply, sighting)
        guard keys.address != 0 else { return nil }
        if let found = early.take(keys.address, since: timeNanoseconds) { return found }
        requests.insert(keys.address, identifier, timeNanoseconds: timeNanoseconds)
        guard reply.sourcePort < 1024 else { return nil }
        if let found = early.take(keys.port, since: timeNanoseconds) { return found }
        requests.insert(keys.port, identifier, timeNanoseconds: timeNanoseconds)
        return nil
    }

    /// A datagram that answers nothing by its own flow.
    /// - Returns: what it answers.
    mutating func reply(
        _ reply: FlowKey, _ sighting: borrowing Sighting, _ identifier: WalkIdentifier, timeNanoseconds: Int64
    ) -> WalkIdentifier? {
        let keys = Keys(reply, sighting)
        guard keys.address != 0 else { return nil }
        let since = timeNanoseconds - Self.waitNanoseconds
        if let found = requests.take(keys.address, since: since) ?? requests.take(keys.port, since: since) {
            return found
        }
        early.insert(keys.address, identifier, timeNanoseconds: timeNanoseconds)
        early.insert(keys.port, identifier, timeNanoseconds: timeNanoseconds)
        return nil
    }

    /// The datagram that a reply of its own flow has come for waits no more.
    mutating func answered(_ reply: FlowKey, _ sighting: borrowing Sighting) {
        let keys = Keys(reply, sighting)
        guard keys.address != 0 else { return }
        _ = requests.take(keys.address)
        _ = requests.take(keys.port)
    }

    /// To a question to a group, or to all on a link, anybody may reply.
    private static func isForOne(_ reply: FlowKey, _ sighting: borrowing Sighting) -> Bool {
        if sighting.has(Sighting.isIPv6) { return reply.sourceHigh >> 56 != 0xff }
        return reply.sourceLow >> 28 & 0xf != 0xe && reply.sourceLow != 0xffff_ffff
    }
}
