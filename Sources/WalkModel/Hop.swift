public import Network
public import Observations
public import Wire

/// One step of a walk.
public struct Hop: Sendable, Codable, Hashable {
    /// The packet as it looked there.
    public struct Packet: Sendable, Codable, Hashable {
        public var source: String
        public var destination: String
        public var sourcePort: UInt16?
        public var destinationPort: UInt16?
        public var ttl: UInt8?
        /// Bytes of the IP packet.
        public var length: UInt32
        public var macSource: MACAddress?
        public var macDestination: MACAddress?
        public var mark: UInt32?
        public var dscp: UInt8?
        /// IPv4's DF bit; nil where unknown or IPv6.
        public var dontFragment: Bool?
        /// `vxlan 42 203.0.113.2 → 203.0.113.3`, …
        public var encapsulation: String?

        public init(
            source: String, destination: String, sourcePort: UInt16? = nil, destinationPort: UInt16? = nil,
            ttl: UInt8? = nil, length: UInt32 = 0, macSource: MACAddress? = nil, macDestination: MACAddress? = nil,
            mark: UInt32? = nil, dscp: UInt8? = nil, encapsulation: String? = nil, dontFragment: Bool? = nil
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
        }

        enum CodingKeys: String, CodingKey {
            case source, destination, ttl, length, mark, dscp, encapsulation
            case dontFragment = "dont_fragment"
            case sourcePort = "source_port"
            case destinationPort = "destination_port"
            case macSource = "mac_source"
            case macDestination = "mac_destination"
        }
    }

    public struct Change: Sendable, Codable, Hashable {
        /// `source`, `destination`, `source_port`, `destination_port`, `ttl`, `mac_source`, `mac_destination`,
        /// `length`, `mark`, `dscp`, `segments`, `encapsulation`.
        public var field: String
        public var from: String?
        public var to: String?
        public init(field: String, from: String?, to: String?) {
            self.field = field
            self.from = from
            self.to = to
        }

        /// `from` and `to` are written as `null` where there was no such field.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(field, forKey: .field)
            try container.encode(from, forKey: .from)
            try container.encode(to, forKey: .to)
        }

        enum CodingKeys: CodingKey { case field, from, to }
    }

    public var index: Int
    /// The hop before; two hops with one parent are a fork.
    public var parent: Int?
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
    /// What the join to the hop before rests on: `identification`, `payload`, `conntrack`, `neighbourhood`, `time`, …
    public var joinedBy: [String]
    public var packet: Packet
    public var changes: [Change]
    public var rules: [RuleReference]
    /// The routing decision, at a `route` hop.
    public var route: RouteDecision?

    public init(
        index: Int, parent: Int? = nil, namespace: String, device: String? = nil, vantage: VantagePoint.Kind,
        direction: VantagePoint.Direction? = nil, hook: NetfilterHook? = nil, stage: NetfilterStage? = nil,
        edge: VantagePoint.Edge? = nil, offsetNanoseconds: Int64 = 0, evidence: [Evidence] = [],
        confidence: Confidence = .exact, joinedBy: [String] = [], packet: Packet, changes: [Change] = [],
        rules: [RuleReference] = [], route: RouteDecision? = nil
    ) {
        self.index = index
        self.parent = parent
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

    enum CodingKeys: String, CodingKey {
        case index, parent, namespace, device, vantage, direction, hook, stage, edge, evidence, confidence, packet
        case changes, rules, route
        case offsetNanoseconds = "offset_ns"
        case joinedBy = "joined_by"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encode(parent, forKey: .parent)
        try container.encode(namespace, forKey: .namespace)
        try container.encode(device, forKey: .device)
        try container.encode(vantage, forKey: .vantage)
        try container.encode(direction, forKey: .direction)
        try container.encode(hook, forKey: .hook)
        try container.encode(stage, forKey: .stage)
        try container.encodeIfPresent(edge, forKey: .edge)
        try container.encode(offsetNanoseconds, forKey: .offsetNanoseconds)
        try container.encode(evidence, forKey: .evidence)
        try container.encode(confidence, forKey: .confidence)
        try container.encode(joinedBy, forKey: .joinedBy)
        try container.encode(packet, forKey: .packet)
        try container.encode(changes, forKey: .changes)
        try container.encode(rules, forKey: .rules)
        try container.encodeIfPresent(route, forKey: .route)
    }
}
