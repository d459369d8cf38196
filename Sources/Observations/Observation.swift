public import Wire

/// Where a claim comes from.
public enum Evidence: String, Sendable, Codable, CaseIterable {
    /// At a link: by a packet socket or a BPF program.
    case seen
    /// At a netfilter hook: by NFLOG or a BPF program.
    case log
    /// Rule trace.
    case rule
    /// The kernel's own word: a drop reason, a FIB decision.
    case kernel
    case conntrack
    /// Read from kernel state.
    case state
    /// Said by the twin.
    case predicted
    /// A packet that failed in the twin was answered in another one, which differed in one change.
    case tried
}

/// One sighting of a packet at one vantage point.
public struct Observation: Sendable {
    public enum Clock: UInt8, Sendable {
        /// Stamped as the packet passed the vantage point.
        case passage
        /// Stamped as the packet entered the namespace (NFLOG): no order among hooks.
        case arrival
        /// Stamped as the tool read it: later than the passage by an unknown time.
        case reading
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public var timeNanoseconds: Int64
    public var vantage: VantageID
    public var clock: Clock
    /// Whether the user's filter matches the packet as it looks here. A walk is kept if any of its observations does.
    public var matchesFilter = true
    public var headers: PacketHeaders
    /// Interface indexes that an NFLOG message names; 0 for none. `physical…` are bridge ports (br_netfilter).
    public var inDevice: UInt32 = 0
    public var outDevice: UInt32 = 0
    public var physicalInDevice: UInt32 = 0
    public var physicalOutDevice: UInt32 = 0
    public var mark: UInt32 = 0
    /// Rises by one for each message of one source, where the source numbers them (NFLOG); else 0.
    public var sourceSequence: UInt32 = 0
    /// The same for all sightings of one `struct sk_buff` between two frees, where a BPF program saw them: it names a packet of
    /// the kernel, of which clones and segments are others. 0 where it is not known. Different numbers prove nothing.
    public var kernelIdentity: UInt64 = 0
    /// Where the packet's bytes stand in the batch's `bytes`.
    public var bytesOffset: UInt32 = 0
    public var bytesCount: UInt32 = 0
    /// Length on the wire in bytes.
    public var originalLength: UInt32 = 0

    @inlinable
    public init(timeNanoseconds: Int64, vantage: VantageID, clock: Clock, headers: PacketHeaders) {
        self.timeNanoseconds = timeNanoseconds
        self.vantage = vantage
        self.clock = clock
        self.headers = headers
    }
}
