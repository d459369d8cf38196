extension Link {
    /// A root queueing discipline (tc(8)).
    public struct Queue: Sendable, Codable, Hashable {
        /// As tc writes it: `8007:`.
        public var handle: String
        public var backlogBytes: UInt32
        public var backlogPackets: UInt32
        /// Packets dropped since it was made.
        public var drops: UInt32
        /// Of tbf, in bytes a second.
        public var rate: UInt64?
        /// Of tbf, in bytes: no packet that is longer passes.
        public var burst: UInt32?
        /// Of tbf and bfifo.
        public var limitBytes: UInt32?
        /// Of pfifo.
        public var limitPackets: UInt32?
        public init(
            handle: String, backlogBytes: UInt32 = 0, backlogPackets: UInt32 = 0, drops: UInt32 = 0,
            rate: UInt64? = nil, burst: UInt32? = nil, limitBytes: UInt32? = nil, limitPackets: UInt32? = nil
        ) {
            self.handle = handle
            self.backlogBytes = backlogBytes
            self.backlogPackets = backlogPackets
            self.drops = drops
            self.rate = rate
            self.burst = burst
            self.limitBytes = limitBytes
            self.limitPackets = limitPackets
        }
        enum CodingKeys: String, TolerantKey {
            case handle, drops, rate, burst
            case backlogBytes = "backlog_bytes"
            case backlogPackets = "backlog_packets"
            case limitBytes = "limit_bytes"
            case limitPackets = "limit_packets"

            static let defaults: [Self: any Sendable] = [.backlogBytes: UInt32(0), .backlogPackets: UInt32(0), .drops: UInt32(0)]
        }
    }
}
