public import Observations
public import Network
public import Wire

/// One packet's journey: schema `packetwalk.walk/1`.
public struct Walk: Sendable, Codable, Hashable {
    public static let schema = "packetwalk.walk/1"

    public enum Outcome: String, Sendable, Codable, CaseIterable {
        /// Its destination's namespace took it.
        case delivered
        /// Out of an egress whose far end can't be seen.
        case left
        case dropped
        case rejected
        /// Last seen here, next expected there, nothing in between says where it stayed.
        case lost
        /// No packet ever left the sender.
        case unsent
    }

    /// The edge of a run or a recording.
    public enum Edge: String, Sendable, Codable {
        case beginning
        case end
    }

    public var schema: String
    /// 32 hex digits, from the label and the flow as first sent: the same on every host that sees the packet.
    public var id: String
    /// The walk that this one replies to.
    public var answers: String?
    /// `icmp`, `tcp`, `udp`, `icmpv6`, `arp`, …
    public var `protocol`: String
    /// As first sent.
    public var source: String
    public var destination: String
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    /// `ICMP echo request id 5001 seq 1`, `TCP SYN 40112 → 443`, …
    public var summary: String
    /// RFC 3339 with nanoseconds, UTC.
    public var start: String
    public var durationNanoseconds: Int64
    public var outcome: Outcome
    /// Of a walk that was under way when the run, or its recording, began or ended: more of it than was seen can't be
    /// known, and its outcome is `left`.
    public var cutOff: Edge?
    public var hops: [Hop]
    public var stoppedAt: Stop?
    /// For `lost`: the last hop, and the hop that should have followed.
    public var lastSeen: Hop?
    public var expectedNext: Hop?
    public var findings: [Finding]
    public var losses: [WalkLoss]
    /// Not part of the JSON.
    public var witness = WalkWitness()

    public init(
        id: String, answers: String? = nil, protocol: String, source: String, destination: String,
        sourcePort: UInt16? = nil, destinationPort: UInt16? = nil, summary: String, start: String,
        durationNanoseconds: Int64 = 0, outcome: Outcome, hops: [Hop], stoppedAt: Stop? = nil, lastSeen: Hop? = nil,
        expectedNext: Hop? = nil, findings: [Finding] = [], losses: [WalkLoss] = []
    ) {
        self.schema = Self.schema
        self.id = id
        self.answers = answers
        self.protocol = `protocol`
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.summary = summary
        self.start = start
        self.durationNanoseconds = durationNanoseconds
        self.outcome = outcome
        self.hops = hops
        self.stoppedAt = stoppedAt
        self.lastSeen = lastSeen
        self.expectedNext = expectedNext
        self.findings = findings
        self.losses = losses
    }

    enum CodingKeys: String, CodingKey {
        case schema, id, answers, `protocol`, source, destination, summary, start, outcome, hops, findings, losses
        case sourcePort = "source_port"
        case destinationPort = "destination_port"
        case durationNanoseconds = "duration_ns"
        case cutOff = "cut_off"
        case stoppedAt = "stopped_at"
        case lastSeen = "last_seen"
        case expectedNext = "expected_next"
    }

    /// Every key is written, `null` where there is nothing: the contract's readers may index without asking.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(schema, forKey: .schema)
        try container.encode(id, forKey: .id)
        try container.encode(answers, forKey: .answers)
        try container.encode(`protocol`, forKey: .protocol)
        try container.encode(source, forKey: .source)
        try container.encode(destination, forKey: .destination)
        try container.encode(sourcePort, forKey: .sourcePort)
        try container.encode(destinationPort, forKey: .destinationPort)
        try container.encode(summary, forKey: .summary)
        try container.encode(start, forKey: .start)
        try container.encode(durationNanoseconds, forKey: .durationNanoseconds)
        try container.encode(outcome, forKey: .outcome)
        try container.encodeIfPresent(cutOff, forKey: .cutOff)
        try container.encode(hops, forKey: .hops)
        try container.encode(stoppedAt, forKey: .stoppedAt)
        try container.encodeIfPresent(lastSeen, forKey: .lastSeen)
        try container.encodeIfPresent(expectedNext, forKey: .expectedNext)
        try container.encode(findings, forKey: .findings)
        try container.encode(losses, forKey: .losses)
    }
}

/// How sure a join is.
public enum Confidence: String, Sendable, Codable, CaseIterable, Comparable {
    case weak
    case strong
    case exact

    private var rank: Int {
        switch self {
        case .weak: 0
        case .strong: 1
        case .exact: 2
        }
    }
    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

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

/// Where a walk ended that did not arrive: what is known of it.
public struct Stop: Sendable, Codable, Hashable {
    public var namespace: String?
    public var device: String?
    public var vantage: VantagePoint.Kind?
    public var hook: NetfilterHook?
    public var stage: NetfilterStage?
    /// The kernel's drop reason, or the error that a sender got.
    public var reason: String?
    /// The kernel function that dropped it.
    public var location: String?
    public var rule: RuleReference?

    public init(
        namespace: String? = nil, device: String? = nil, vantage: VantagePoint.Kind? = nil, hook: NetfilterHook? = nil,
        stage: NetfilterStage? = nil, reason: String? = nil, location: String? = nil, rule: RuleReference? = nil
    ) {
        self.namespace = namespace
        self.device = device
        self.vantage = vantage
        self.hook = hook
        self.stage = stage
        self.reason = reason
        self.location = location
        self.rule = rule
    }

    /// What is not known is written as `null`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(namespace, forKey: .namespace)
        try container.encode(device, forKey: .device)
        try container.encode(vantage, forKey: .vantage)
        try container.encode(hook, forKey: .hook)
        try container.encode(stage, forKey: .stage)
        try container.encode(reason, forKey: .reason)
        try container.encode(location, forKey: .location)
        try container.encode(rule, forKey: .rule)
    }

    enum CodingKeys: CodingKey { case namespace, device, vantage, hook, stage, reason, location, rule }
}

/// A source that lost events while the walk ran.
public struct WalkLoss: Sendable, Codable, Hashable {
    public var vantage: String
    public var lost: UInt64
    public init(vantage: String, lost: UInt64) {
        self.vantage = vantage
        self.lost = lost
    }
}

/// A cause: what, where, the evidence for it, what mends it.
public struct Finding: Sendable, Codable, Hashable {
    public enum Severity: String, Sendable, Codable {
        case error
        case warning
        case info
    }

    public struct Place: Sendable, Codable, Hashable {
        public var namespace: String?
        public var hook: NetfilterHook?
        public var device: String?
        public init(namespace: String? = nil, hook: NetfilterHook? = nil, device: String? = nil) {
            self.namespace = namespace
            self.hook = hook
            self.device = device
        }

        /// What is not known is written as `null`.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(namespace, forKey: .namespace)
            try container.encode(hook, forKey: .hook)
            try container.encode(device, forKey: .device)
        }

        enum CodingKeys: CodingKey { case namespace, hook, device }
    }

    public struct Remedy: Sendable, Codable, Hashable {
        /// For the namespace that the tool runs in.
        public var commands: [String]
        /// The same packet, stopped without the commands, arrived with them.
        public var verified: Bool
        public init(commands: [String], verified: Bool = false) {
            self.commands = commands
            self.verified = verified
        }
    }

    /// A rule that the packet met and that did not match it.
    public struct Miss: Sendable, Codable, Hashable {
        public var rule: RuleReference
        /// The first of its conditions that failed, as what the packet is instead: `came in by mybridge`.
        public var because: String
        public init(rule: RuleReference, because: String) {
            self.rule = rule
            self.because = because
        }
    }

    /// Something that could have stopped the packet there, and whether it did.
    public struct Check: Sendable, Codable, Hashable {
        /// Nil where it could not be told.
        public var holds: Bool?
        /// `net.ipv4.conf.mybridge.forwarding = 0 in host`, `neighbour 203.0.113.1: reachable`, …
        public var text: String
        public init(holds: Bool?, text: String) {
            self.holds = holds
            self.text = text
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(holds, forKey: .holds)
            try container.encode(text, forKey: .text)
        }

        enum CodingKeys: CodingKey { case holds, text }
    }

    /// Stable, lower-case, hyphenated; `docs/findings.md` lists them.
    public var code: String
    public var severity: Severity
    public var `where`: Place
    public var message: String
    /// `seen: …`, `state: …`: each begins with the kind of evidence.
    public var evidence: [String]
    /// The rule that ended the packet; for a chain's policy a reference without position, verdict `policy drop`.
    public var rule: RuleReference?
    /// How the packet got to that rule's chain: the jumps, from the base chain on.
    public var path: [RuleReference]
    /// The rules before it in its chain that did not match (the nearest ones, at most eight).
    public var unmatched: [Miss]
    /// What else could have stopped it there; the cause first.
    public var checks: [Check]
    public var remedy: Remedy?

    public init(
        code: String, severity: Severity, where place: Place, message: String, evidence: [String] = [],
        rule: RuleReference? = nil, path: [RuleReference] = [], unmatched: [Miss] = [], checks: [Check] = [],
        remedy: Remedy? = nil
    ) {
        self.code = code
        self.severity = severity
        self.where = place
        self.message = message
        self.evidence = evidence
        self.rule = rule
        self.path = path
        self.unmatched = unmatched
        self.checks = checks
        self.remedy = remedy
    }

    enum CodingKeys: String, CodingKey {
        case code, severity, `where`, message, evidence, rule, path, unmatched, checks, remedy
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        code = try container.decode(String.self, forKey: .code)
        severity = try container.decode(Severity.self, forKey: .severity)
        `where` = try container.decode(Place.self, forKey: .where)
        message = try container.decode(String.self, forKey: .message)
        evidence = try container.decodeIfPresent([String].self, forKey: .evidence) ?? []
        rule = try container.decodeIfPresent(RuleReference.self, forKey: .rule)
        path = try container.decodeIfPresent([RuleReference].self, forKey: .path) ?? []
        unmatched = try container.decodeIfPresent([Miss].self, forKey: .unmatched) ?? []
        checks = try container.decodeIfPresent([Check].self, forKey: .checks) ?? []
        remedy = try container.decodeIfPresent(Remedy.self, forKey: .remedy)
    }

    /// `rule` and `remedy` are written as `null` where there is none.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(code, forKey: .code)
        try container.encode(severity, forKey: .severity)
        try container.encode(`where`, forKey: .where)
        try container.encode(message, forKey: .message)
        try container.encode(evidence, forKey: .evidence)
        try container.encode(rule, forKey: .rule)
        if !path.isEmpty { try container.encode(path, forKey: .path) }
        if !unmatched.isEmpty { try container.encode(unmatched, forKey: .unmatched) }
        if !checks.isEmpty { try container.encode(checks, forKey: .checks) }
        try container.encode(remedy, forKey: .remedy)
    }
}
