public import Observations

/// What was joined to a walk beside its sightings: for diagnosis, not part of the walk's JSON.
public struct WalkWitness: Sendable, Hashable {
    /// Rules that the packet met, in the order in which the kernel told of them.
    public var rules: [RuleEvent] = []
    /// The drop that is all there is of a packet never seen.
    public var drop: DropEvent?
    public var sendFailure: SendFailure?
    /// What was not seen of the packet, or of its consequences, may lie past these.
    public var edges: WalkEdges = []

    public init() {}
}
