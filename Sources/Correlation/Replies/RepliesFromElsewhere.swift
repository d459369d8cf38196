import Wire

/// Ties a datagram that nothing answered to one that came from another address, or another port, than it asked.
///
/// A server with several addresses that does not choose one for its reply gets the one that the route back prefers (RFC
/// 1122, 4.1.3.5, wants that of the request); TFTP replies from a new port (RFC 1350). What stays is the asker's address
/// and port, with the server's port or its address.
struct RepliesFromElsewhere: ~Copyable {
    private static let waitNanoseconds: Int64 = 2_000_000_000

    private var requests = Table()
    /// Replies that ended before what they answer.
    private var early = Table()

    /// A datagram of an asker and a server.
    private struct Datagram {
        /// The asker's address and port, as a hash; 0 for none.
        var asker: UInt64 = 0
        /// The server's address, as a hash.
        var server: UInt64 = 0
        var serverPort: UInt16 = 0
        var identifier = WalkIdentifier(high: 0, low: 0)
        var timeNanoseconds = Int64.min

        /// Ports of the asker below 1024 are services, whose datagrams need not belong together.
        ///
        /// - Parameter reply: the flow of the reply, as it should look.
        init?(
            _ reply: FlowKey, _ sighting: borrowing Sighting, _ identifier: WalkIdentifier, timeNanoseconds: Int64
        ) {
            guard sighting.ipProtocol == IPProtocol.udp.rawValue, reply.destinationPort >= 1024,
                reply.destinationPort != reply.sourcePort, !sighting.has(Sighting.quotesPacket),
                sighting.has(Sighting.hasTransport)
            else { return nil }
            asker = mix(reply.destinationLow ^ mix(reply.destinationHigh, 1 << 43), UInt64(reply.destinationPort)) | 1
            server = mix(reply.sourceLow, reply.sourceHigh)
            serverPort = reply.sourcePort
            self.identifier = identifier
            self.timeNanoseconds = timeNanoseconds
        }

        init() {}

        func isOfFlow(of other: Self) -> Bool {
            asker == other.asker && server == other.server && serverPort == other.serverPort
        }

        /// Whether one is the reply to the other: from another address, or, of a service only, from another port.
        func isTied(to other: Self, askedPort: UInt16) -> Bool {
            guard asker == other.asker else { return false }
            return serverPort == other.serverPort || server == other.server && askedPort < 1024
        }
    }

    /// A fixed table, four datagrams a set; one of the same flow gives way, else the oldest of the
    /// set.
    private struct Table: ~Copyable {
        private var datagrams = ContiguousArray(repeating: Datagram(), count: 1 << 14)

        private static func set(of asker: UInt64) -> Range<Int> {
            let base = Int(truncatingIfNeeded: asker >> 52) << 2
            return base..<base + 4
        }

        mutating func insert(_ datagram: Datagram) {
            let slots = Self.set(of: datagram.asker)
            var victim = slots.lowerBound
            for slot in slots {
                if datagrams[slot].isOfFlow(of: datagram) {
                    victim = slot
                    break
                }
                if datagrams[slot].timeNanoseconds < datagrams[victim].timeNanoseconds { victim = slot }
            }
            datagrams[victim] = datagram
        }

        /// The newest that fits, taken out.
        mutating func take(by asker: UInt64, where fits: (Datagram) -> Bool) -> WalkIdentifier? {
            var best = -1
            for slot in Self.set(of: asker) where datagrams[slot].asker == asker && fits(datagrams[slot]) {
                if best < 0 || datagrams[slot].timeNanoseconds > datagrams[best].timeNanoseconds { best = slot }
            }
            guard best >= 0 else { return nil }
            defer { datagrams[best] = Datagram() }
            return datagrams[best].identifier
        }
    }

    /// A datagram that waits for its reply.
    /// - Returns: the reply that was there before.
    mutating func ask(
        _ reply: FlowKey, _ sighting: borrowing Sighting, _ identifier: WalkIdentifier, timeNanoseconds: Int64
    ) -> WalkIdentifier? {
        guard Self.isForOne(reply, sighting),
            let request = Datagram(reply, sighting, identifier, timeNanoseconds: timeNanoseconds)
        else { return nil }
        let found = early.take(by: request.asker) {
            $0.timeNanoseconds >= timeNanoseconds && $0.isTied(to: request, askedPort: request.serverPort)
        }
        if found == nil { requests.insert(request) }
        return found
    }

    /// A datagram that answers nothing by its own flow.
    /// - Returns: what it answers.
    mutating func reply(
        _ reply: FlowKey, _ sighting: borrowing Sighting, _ identifier: WalkIdentifier, timeNanoseconds: Int64
    ) -> WalkIdentifier? {
        guard let datagram = Datagram(reply, sighting, identifier, timeNanoseconds: timeNanoseconds) else {
            return nil
        }
        let since = timeNanoseconds - Self.waitNanoseconds
        let found = requests.take(by: datagram.asker) {
            $0.timeNanoseconds >= since && $0.isTied(to: datagram, askedPort: $0.serverPort)
        }
        if found == nil { early.insert(datagram) }
        return found
    }

    /// The datagram that a reply of its own flow has come for waits no more.
    mutating func answered(_ reply: FlowKey, _ sighting: borrowing Sighting) {
        let none = WalkIdentifier(high: 0, low: 0)
        guard let datagram = Datagram(reply, sighting, none, timeNanoseconds: 0) else { return }
        _ = requests.take(by: datagram.asker) { $0.isOfFlow(of: datagram) }
    }

    /// To a question to a group, or to all on a link, anybody may reply.
    private static func isForOne(_ reply: FlowKey, _ sighting: borrowing Sighting) -> Bool {
        if sighting.has(Sighting.isIPv6) { return reply.sourceHigh >> 56 != 0xff }
        return reply.sourceLow >> 28 & 0xf != 0xe && reply.sourceLow != 0xffff_ffff
    }
}
