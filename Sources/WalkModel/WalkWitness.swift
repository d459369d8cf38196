public import Observations
public import Wire

/// What was joined to a walk beside its sightings: for diagnosis, not part of the walk's JSON.
public struct WalkWitness: Sendable, Hashable {
    /// Rules that the packet met, in the order in which the kernel told of them.
    public var rules: [RuleEvent] = []
    /// The drop that is all there is of a packet never seen.
    public var drop: DropEvent?
    public var sendFailure: SendFailure?
    /// What was not seen of the packet, or of its consequences, may lie past these.
    public var edges: WalkEdges = []
    /// It came in by a device of the namespace that has its destination, nothing was watched behind that, and nothing
    /// says what became of it there.
    public var isAtReceiver = false
    /// It went to all on a link, or to a group, as the state of the network says.
    public var isForMany = false
    /// A SYN proxy of the namespace where it was first seen made it, in the name of its source.
    public var isOfProxy = false
    /// The sequence number of a TCP segment, as it was first seen; nil for anything else.
    public var tcpSequence: UInt32?
    /// `PacketHeaders.label`; 0 where none is known.
    public var label: UInt64 = 0
    /// What a datagram of DNS says.
    public var nameMessage: DNSMessage?

    public init() {}
}
