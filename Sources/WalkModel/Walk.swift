public import Wire

/// One packet's path through the networks of a host. `WalkJSON` writes and reads it.
public struct Walk: Sendable, Hashable {
    public enum Outcome: String, Sendable, CaseIterable {
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

    /// What ends the sightings of a packet, which itself may have gone on: the edge of a run or of a recording, or sightings that
    /// were lost.
    public enum Edge: String, Sendable {
        case beginning
        case end
        case losses
    }

    /// 32 hex digits, from the label and the flow as first sent: the same on every host that sees the packet.
    public var id: String
    /// The walk that this one replies to.
    public var answers: String?
    /// The name of the host that it was seen on; nil where it is not known.
    public var host: String?
    /// What the packet is.
    public var kind: PacketKind
    /// As first sent; unspecified where the sender had not chosen an address yet.
    public var source: IPAddress
    public var destination: IPAddress
    /// Nil for a protocol without ports. An echo's identifier is no port: `kind` has it.
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    public var startNanoseconds: Int64
    /// From the first sighting to the last.
    public var durationNanoseconds: Int64
    public var outcome: Outcome
    /// Of a walk that was under way when the run, or its recording, began or ended: more of it than was seen can't be
    /// known, and its outcome is `left`.
    public var cutOff: Edge?
    public var hops: [Hop]
    @Aside public var stoppedAt: Stop?
    /// For `lost`: the last hop, and the hop that should have followed.
    @Aside public var lastSeen: Hop?
    @Aside public var expectedNext: Hop?
    public var findings: [Finding]
    public var losses: [WalkLoss]
    /// One packet of so many was looked at, this one among them; nil where every one was.
    public var sampledOneOf: UInt32?
    /// Nil where the packet was sent on the host itself.
    public var prediction: Prediction?
    /// Not part of the JSON.
    public var witness = WalkWitness()

    public init(
        id: String, answers: String? = nil, host: String? = nil, kind: PacketKind, source: IPAddress,
        destination: IPAddress, sourcePort: UInt16? = nil, destinationPort: UInt16? = nil, startNanoseconds: Int64,
        durationNanoseconds: Int64 = 0, outcome: Outcome, hops: [Hop], stoppedAt: Stop? = nil, lastSeen: Hop? = nil,
        expectedNext: Hop? = nil, findings: [Finding] = [], losses: [WalkLoss] = []
    ) {
        self.id = id
        self.answers = answers
        self.host = host
        self.kind = kind
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.startNanoseconds = startNanoseconds
        self.durationNanoseconds = durationNanoseconds
        self.outcome = outcome
        self.hops = hops
        self.stoppedAt = stoppedAt
        self.lastSeen = lastSeen
        self.expectedNext = expectedNext
        self.findings = findings
        self.losses = losses
    }

    /// `icmp`, `tcp`, `udp`, `icmpv6`, `arp`, …
    public var `protocol`: String { kind.protocolName }

    public var endNanoseconds: Int64 { startNanoseconds &+ durationNanoseconds }

    /// Whether an answer is due: it is an echo request or a TCP SYN, and no answer itself.
    public var awaitsAnswer: Bool { answers == nil && kind.awaitsAnswer }

    /// An ICMP message that says why another packet did not arrive.
    public var isICMPError: Bool { kind.icmp?.isError ?? false }

    /// An ICMP message that advises of a better next hop.
    public var isRedirect: Bool { kind.icmp?.isRedirect ?? false }

    /// Sent by the kernel on its own account, not by a program. A failed send was always a program's. So is advice of a better
    /// next hop that goes no further: NAT keeps back what concerns connections that it translates.
    public var isHousekeeping: Bool {
        kind.isHousekeeping && outcome != .unsent && witness.sendFailure == nil || isRedirect && outcome == .dropped
    }
}
