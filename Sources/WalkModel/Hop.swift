public import Network
public import Observations
public import Wire

/// One step of a walk.
public struct Hop: Sendable, Hashable {
    /// The packet as it looked there.
    public struct Packet: Sendable, Hashable {
        public var source: IPAddress
        public var destination: IPAddress
        /// Nil for a protocol without ports.
        public var sourcePort: UInt16?
        public var destinationPort: UInt16?
        /// TTL or hop limit; nil for ARP.
        public var ttl: UInt8?
        /// Bytes of the IP packet.
        public var length: UInt32
        public var macSource: MACAddress?
        public var macDestination: MACAddress?
        /// The kernel's mark of the packet; nil where the vantage point does not show it.
        public var mark: UInt32?
        /// The six DSCP bits, 0 to 63.
        public var dscp: UInt8?
        /// IPv4's DF bit; nil where unknown or IPv6.
        public var dontFragment: Bool?
        /// The tunnel that it travels in here.
        public var encapsulation: Encapsulation?
        /// How many fragments of it were seen here; nil where it passed whole.
        public var fragments: Int?

        public init(
            source: IPAddress, destination: IPAddress, sourcePort: UInt16? = nil, destinationPort: UInt16? = nil,
            ttl: UInt8? = nil, length: UInt32 = 0, macSource: MACAddress? = nil, macDestination: MACAddress? = nil,
            mark: UInt32? = nil, dscp: UInt8? = nil, encapsulation: Encapsulation? = nil, dontFragment: Bool? = nil,
            fragments: Int? = nil
        ) {
            self.source = source
            self.destination = destination
            self.sourcePort = sourcePort
            self.destinationPort = destinationPort
            self.ttl = ttl
            self.length = length
            self.macSource = macSource
            self.macDestination = macDestination
            self.mark = mark
            self.dscp = dscp
            self.encapsulation = encapsulation
            self.dontFragment = dontFragment
            self.fragments = fragments
        }
    }

    public var index: Int
    /// The hop before; two hops with one parent are a fork.
    public var parent: Int?
    /// The host's name; nil where it is not known.
    public var host: String?
    public var namespace: String
    public var device: String?
    public var vantage: VantagePoint.Kind
    public var direction: VantagePoint.Direction?
    public var hook: NetfilterHook?
    public var stage: NetfilterStage?
    /// Which side of `stage` a netfilter hop was seen at.
    public var edge: VantagePoint.Edge?
    /// From the walk's start.
    public var offsetNanoseconds: Int64
    public var evidence: [Evidence]
    public var confidence: Confidence
    /// What the join to the hop before rests on.
    public var joinedBy: [JoinBasis]
    public var packet: Packet
    /// What differs from the packet at the hop before.
    public var changes: [FieldChange]
    public var rules: [RuleReference]
    /// The routing decision, at a `route` hop.
    public var route: RouteDecision?

    public init(
        index: Int, parent: Int? = nil, host: String? = nil, namespace: String, device: String? = nil,
        vantage: VantagePoint.Kind,
        direction: VantagePoint.Direction? = nil, hook: NetfilterHook? = nil, stage: NetfilterStage? = nil,
        edge: VantagePoint.Edge? = nil, offsetNanoseconds: Int64 = 0, evidence: [Evidence] = [],
        confidence: Confidence = .exact, joinedBy: [JoinBasis] = [], packet: Packet, changes: [FieldChange] = [],
        rules: [RuleReference] = [], route: RouteDecision? = nil
    ) {
        self.index = index
        self.parent = parent
        self.host = host
        self.namespace = namespace
        self.device = device
        self.vantage = vantage
        self.direction = direction
        self.hook = hook
        self.stage = stage
        self.edge = edge
        self.offsetNanoseconds = offsetNanoseconds
        self.evidence = evidence
        self.confidence = confidence
        self.joinedBy = joinedBy
        self.packet = packet
        self.changes = changes
        self.rules = rules
        self.route = route
    }
}
