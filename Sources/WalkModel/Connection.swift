public import Network
public import Wire

/// What belongs together of the packets between two ends: a TCP connection, an exchange of datagrams, a series of echo
/// requests, or other packets of one kind between two addresses.
///
/// Its client is who opened it: who sent the SYN, the first datagram, the echo requests.
public struct Connection: Sendable, Hashable {
    public enum Kind: String, Sendable, CaseIterable {
        case tcp
        case udp
        case echo
        case other
    }

    public enum Side: String, Sendable {
        case client
        case server

        public var other: Side { self == .client ? .server : .client }
    }

    /// Addresses and ports as the client sees them: before any translation of its packets.
    public struct End: Sendable, Hashable {
        public var address: IPAddress
        /// Nil for a protocol without ports.
        public var port: UInt16?
        /// Where its packets were sent and received, or the only namespace that holds its address; nil for an end that
        /// can't be seen.
        public var namespace: String?

        public init(address: IPAddress, port: UInt16? = nil, namespace: String? = nil) {
            self.address = address
            self.port = port
            self.namespace = namespace
        }
    }

    /// What one end sent. Errors about its packets, which routers send, are not in it.
    public struct Traffic: Sendable, Hashable {
        public var packets: UInt64 = 0
        /// Payload of TCP, UDP and SCTP, each byte of a TCP stream once; for other protocols of the IP packets.
        public var bytes: UInt64 = 0
        /// TCP segments of which all or a part had been sent before.
        public var retransmitted: UInt64 = 0
        /// Packets that were dropped, rejected, lost or not sent.
        public var stopped: UInt64 = 0

        public init(packets: UInt64 = 0, bytes: UInt64 = 0, retransmitted: UInt64 = 0, stopped: UInt64 = 0) {
            self.packets = packets
            self.bytes = bytes
            self.retransmitted = retransmitted
            self.stopped = stopped
        }
    }

    /// An address or port that was replaced on the way from the client to the server.
    public struct Translation: Sendable, Hashable {
        public var namespace: String
        public var hook: NetfilterHook?
        public var change: FieldChange
        public var rule: RuleReference?

        public init(namespace: String, hook: NetfilterHook? = nil, change: FieldChange, rule: RuleReference? = nil) {
            self.namespace = namespace
            self.hook = hook
            self.change = change
            self.rule = rule
        }
    }

    /// Times from requests until their replies were there: of SYNs, echo requests and datagrams.
    public struct RoundTrip: Sendable, Hashable {
        public var count: UInt64
        public var minimumNanoseconds: Int64
        public var maximumNanoseconds: Int64
        public var totalNanoseconds: Int64

        public init(nanoseconds: Int64) {
            count = 1
            minimumNanoseconds = nanoseconds
            maximumNanoseconds = nanoseconds
            totalNanoseconds = nanoseconds
        }

        public mutating func add(nanoseconds: Int64) {
            count += 1
            minimumNanoseconds = min(minimumNanoseconds, nanoseconds)
            maximumNanoseconds = max(maximumNanoseconds, nanoseconds)
            totalNanoseconds &+= nanoseconds
        }

        public var averageNanoseconds: Int64 { totalNanoseconds / Int64(max(1, count)) }
    }

    /// A finding with how often it was made.
    public struct Cause: Sendable, Hashable {
        /// Of the first packet.
        public var finding: Finding
        public var count: UInt64
        /// When the first and the last packet that it was made of was sent.
        public var firstNanoseconds: Int64
        public var lastNanoseconds: Int64

        public init(finding: Finding, count: UInt64 = 1, firstNanoseconds: Int64, lastNanoseconds: Int64) {
            self.finding = finding
            self.count = count
            self.firstNanoseconds = firstNanoseconds
            self.lastNanoseconds = lastNanoseconds
        }
    }

    /// A question to DNS and what came of it.
    public struct Lookup: Sendable, Hashable {
        /// When it was asked, in nanoseconds since 1970.
        public var startNanoseconds: Int64
        public var question: DNSMessage
        /// Nil where no reply was seen.
        public var answer: DNSMessage?
        /// From the question to the reply.
        public var nanoseconds: Int64?

        public init(
            startNanoseconds: Int64, question: DNSMessage, answer: DNSMessage? = nil, nanoseconds: Int64? = nil
        ) {
            self.startNanoseconds = startNanoseconds
            self.question = question
            self.answer = answer
            self.nanoseconds = nanoseconds
        }
    }

    public enum Outcome: String, Sendable, CaseIterable {
        /// Every packet arrived, and what wants a reply got one.
        case delivered
        /// The client's packets left what can be seen, and nothing failed.
        case left
        /// Some packets arrived and others did not.
        case impaired
        /// Packets arrived that want a reply, and none came back; nothing was seen to stop one.
        case unanswered
        // None arrived; how the last one of them ended.
        case dropped
        case rejected
        case lost
        case unsent

        /// Whether nothing is wrong with it, as far as can be seen.
        public var isGood: Bool { self == .delivered || self == .left }
    }

    /// Why there will be no more of it.
    public enum Ending: String, Sendable, CaseIterable {
        /// Both ends have sent a FIN, or one and the other's can't be seen.
        case closed
        /// One end sent RST.
        case reset
        /// RST, or an ICMP error, in reply to a SYN.
        case refused
        /// Nothing more for as long as conntrack would remember it.
        case idle
        /// Still open when the run or the recording ended.
        case open
        /// Too many were open: it was ended to make room, and more of it may follow in another entry.
        case crowded
    }

    /// Its first packet's.
    public var id: String
    /// The id of the first of its packets that was taken, which stays the same while others turn out to be earlier: the
    /// trace that its spans belong to. Not part of the JSON.
    public var trace: String
    /// Nil where it is not known.
    public var host: String?
    public var kind: Kind
    /// `tcp`, `udp`, `icmp`, …
    public var `protocol`: String
    /// Of an echo series.
    public var identifier: UInt16?
    public var client: End
    public var server: End
    public var startNanoseconds: Int64
    /// Until the last packet that was seen of it.
    public var durationNanoseconds: Int64
    public var outcome: Outcome
    public var ending: Ending
    /// Who sent the first FIN, or the RST.
    public var endedBy: Side?
    /// From the SYN to the arrival of the ACK that ends the handshake.
    public var handshakeNanoseconds: Int64?
    public var sent: Traffic
    public var received: Traffic
    /// Requests that want a reply, and those of them that got one.
    public var requests: UInt64
    /// Requests without a reply of which an edge of the run, or lost sightings, hide whether one came.
    public var inconclusive: UInt64
    public var replies: UInt64
    public var roundTrip: RoundTrip?
    public var translations: [Translation]
    /// The most serious first.
    public var causes: [Cause]
    /// Questions to DNS, the first `lookupLimit`.
    public var lookups: [Lookup]
    public static let lookupLimit = 32
    public var lookupCount: UInt64
    /// Ids of its walks, the first `walkLimit` of `walkCount`.
    public var walks: [String]
    public static let walkLimit = 1000
    public var walkCount: UInt64
    /// One packet of so many was looked at; nil where every one was.
    public var sampledOneOf: UInt32?
    /// What its drawing shows: the first exchange that failed, else the first with a reply. Not part of the JSON.
    public var example: Exchange
    /// Exchanges that failed; of the others too the first counts. Not part of the JSON.
    public var failures: UInt64
    public var exchanges: UInt64

    /// A connection of which one exchange is known.
    public init(id: String, kind: Kind, protocol name: String, client: End, server: End, example: Exchange) {
        self.id = id
        trace = id
        self.kind = kind
        self.protocol = name
        self.client = client
        self.server = server
        self.example = example
        host = example.request.host
        startNanoseconds = example.request.startNanoseconds
        durationNanoseconds = 0
        outcome = .delivered
        ending = .open
        sent = Traffic()
        received = Traffic()
        requests = 0
        inconclusive = 0
        replies = 0
        translations = []
        causes = []
        lookups = []
        lookupCount = 0
        walks = []
        walkCount = 0
        failures = 0
        exchanges = 0
    }

    public var endNanoseconds: Int64 { startNanoseconds &+ durationNanoseconds }

    /// Whether a packet of it was dropped, rejected, lost or not sent, a cause of failure is certain, or nobody replied.
    public var hasFailed: Bool { !outcome.isGood }
}

extension Exchange {
    /// Whether something went wrong with it that a person wants to know: it was stopped, or what awaits a reply got none, and
    /// neither an edge of the run nor lost sightings explain that.
    public var hasFailed: Bool {
        if wasStopped { return true }
        guard request.owesReply, request.outcome == .delivered, request.cutOff == nil,
            !request.losses.contains(where: \.isOfSightings)
        else { return false }
        return !arrived && reply?.outcome != .left
    }
}
