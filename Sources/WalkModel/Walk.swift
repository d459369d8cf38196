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

/// A source that lost events while the walk ran.
public struct WalkLoss: Sendable, Codable, Hashable {
    public var vantage: String
    public var lost: UInt64
    public init(vantage: String, lost: UInt64) {
        self.vantage = vantage
        self.lost = lost
    }
}
