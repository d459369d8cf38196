public import Wire

/// One connection that the kernel tracks.
public struct ConntrackEntry: Sendable, Hashable {
    /// The ends of one direction. Ports are nil for protocols without them; an echo has its identifier as source port.
    public struct Tuple: Sendable, Hashable {
        public var source: IPAddress
        public var destination: IPAddress
        public var sourcePort: UInt16?
        public var destinationPort: UInt16?
        /// Of an echo or the like; nil for other protocols.
        public var icmpType: UInt8?
        public var icmpCode: UInt8?
        public init(
            source: IPAddress, destination: IPAddress, sourcePort: UInt16? = nil, destinationPort: UInt16? = nil
        ) {
            self.source = source
            self.destination = destination
            self.sourcePort = sourcePort
            self.destinationPort = destinationPort
        }
    }

    public var ipProtocol: IPProtocol
    public var original: Tuple
    /// As replies come: where it is not the inverse of `original` the connection is translated.
    public var reply: Tuple
    /// `ESTABLISHED`, … of TCP; nil for other protocols.
    public var state: String?
    /// `ASSURED`, `SEEN_REPLY`, …
    public var status: [String]
    /// Seconds until it is forgotten; nil where not told.
    public var timeout: UInt32?
    public var mark: UInt32
    public var zone: UInt16

    public init(
        ipProtocol: IPProtocol, original: Tuple, reply: Tuple, state: String? = nil, status: [String] = [],
        timeout: UInt32? = nil, mark: UInt32 = 0, zone: UInt16 = 0
    ) {
        self.ipProtocol = ipProtocol
        self.original = original
        self.reply = reply
        self.state = state
        self.status = status
        self.timeout = timeout
        self.mark = mark
        self.zone = zone
    }
}
