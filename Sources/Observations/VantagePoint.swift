public import Network
public import Wire

/// One place where packets can be seen.
public struct VantagePoint: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable {
        /// A device in one direction.
        case link
        /// A netfilter hook at a stage.
        case netfilter
        /// A routing decision.
        case route
        /// A socket: `out` sent by, `in` received by.
        case socket
        /// A place where the kernel freed a packet.
        case drop
    }

    public enum Direction: String, Sendable, Codable {
        case `in`
        case out
    }

    /// Which side of a netfilter stage.
    public enum Edge: String, Sendable, Codable {
        case before
        case after
    }

    /// The namespace's name, unique in the run's topology.
    public var namespace: String
    public var kind: Kind
    public var device: String?
    public var direction: Direction?
    public var hook: NetfilterHook?
    public var stage: NetfilterStage?
    public var edge: Edge?
    /// What the packets' bytes begin with there.
    public var linkType: LinkType

    public init(
        namespace: String, kind: Kind, device: String? = nil, direction: Direction? = nil, hook: NetfilterHook? = nil,
        stage: NetfilterStage? = nil, edge: Edge? = nil, linkType: LinkType = .ethernet
    ) {
        self.namespace = namespace
        self.kind = kind
        self.device = device
        self.direction = direction
        self.hook = hook
        self.stage = stage
        self.edge = edge
        self.linkType = linkType
    }
}

/// The number of a vantage point within one run or recording, counted from 0.
public struct VantageID: RawRepresentable, Hashable, Sendable, Codable {
    public var rawValue: UInt32
    @inlinable
    public init(rawValue: UInt32) { self.rawValue = rawValue }
}
