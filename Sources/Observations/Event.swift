public import Network
public import Wire

/// What the sources say, in the order in which the engine takes it. A recording holds exactly these.
public enum Event: Sendable {
    /// The network as it stood at a time. Later snapshots replace earlier ones.
    case topology(Topology, timeNanoseconds: Int64)
    /// Gives a vantage point its number. Precedes every observation there.
    case vantage(VantageID, VantagePoint)
    case packet(Observation)
    case flow(FlowEvent)
    case route(RouteDecision)
    case rule(RuleEvent)
    case drop(DropEvent)
    /// A sender's socket call failed: nothing left.
    case sendFailure(SendFailure)
    case loss(Loss)
    /// From its time on one packet of so many is looked at.
    case sampling(SamplingChange)
    /// What a datagram of DNS says. A recording does not hold it: it is read from the packet's bytes again.
    case name(NameEvent)
    /// How a namespace's protocol counters rose during the run.
    case counters(CounterChange)
    /// No event older than this will follow. The engine's only clock: walks end by it, live and in replay alike.
    case watermark(timeNanoseconds: Int64)
}

/// Addresses and ports of one direction of a flow. For ICMP the echo identifier stands in both ports.
public struct FlowTuple: Hashable, Sendable, Codable {
    public var source: IPAddress
    public var destination: IPAddress
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var ipProtocol: IPProtocol

    @inlinable
    public init(
        source: IPAddress, destination: IPAddress, sourcePort: UInt16, destinationPort: UInt16, ipProtocol: IPProtocol
    ) {
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.ipProtocol = ipProtocol
    }

    @inlinable public var reversed: FlowTuple {
        FlowTuple(
            source: destination, destination: source, sourcePort: destinationPort, destinationPort: sourcePort,
            ipProtocol: ipProtocol)
    }
}

/// A conntrack entry: made, changed or gone.
public struct FlowEvent: Sendable, Codable, Hashable {
    public enum Change: String, Sendable, Codable {
        /// Was there when the run began.
        case present
        case new
        case update
        case destroy
    }

    /// When the tool read it.
    public var timeNanoseconds: Int64
    public var namespace: String
    public var change: Change
    /// As the first packet was sent.
    public var original: FlowTuple
    /// As the answer is expected: the translation shows where this is not `original` reversed.
    public var reply: FlowTuple
    public var mark: UInt32
    public var zone: UInt16
    /// IPS_… bits of nf_conntrack_common.h.
    public var status: UInt32

    public init(
        timeNanoseconds: Int64, namespace: String, change: Change, original: FlowTuple, reply: FlowTuple,
        mark: UInt32 = 0, zone: UInt16 = 0, status: UInt32 = 0
    ) {
        self.timeNanoseconds = timeNanoseconds
        self.namespace = namespace
        self.change = change
        self.original = original
        self.reply = reply
        self.mark = mark
        self.zone = zone
        self.status = status
    }
}

/// The kernel's answer to a routing question (RTM_GETROUTE), asked for one flow at one router.
public struct RouteDecision: Sendable, Codable, Hashable {
    public var timeNanoseconds: Int64
    public var namespace: String
    public var tuple: FlowTuple
    /// Nil for a locally sent packet.
    public var inDevice: String?
    public var mark: UInt32
    /// Nil where the kernel answered with an error.
    public var kind: RouteKind?
    public var table: RoutingTable?
    public var outDevice: String?
    /// Next hop; nil where the destination is on the link.
    public var gateway: IPAddress?
    public var preferredSource: IPAddress?
    /// errno of a refusal, e.g. 101 ENETUNREACH.
    public var errorNumber: Int32?
    /// The route of the FIB that matched, as iproute2 would write it (RTM_F_FIB_MATCH).
    public var matchedRoute: String?
    /// The MTU of the path that the namespace has learned from an ICMP error and remembers for a while (a route exception).
    public var pathMTU: UInt32?

    public init(
        timeNanoseconds: Int64, namespace: String, tuple: FlowTuple, inDevice: String? = nil, mark: UInt32 = 0,
        kind: RouteKind? = nil, table: RoutingTable? = nil, outDevice: String? = nil, gateway: IPAddress? = nil,
        preferredSource: IPAddress? = nil, errorNumber: Int32? = nil, matchedRoute: String? = nil,
        pathMTU: UInt32? = nil
    ) {
        self.timeNanoseconds = timeNanoseconds
        self.namespace = namespace
        self.tuple = tuple
        self.inDevice = inDevice
        self.mark = mark
        self.kind = kind
        self.table = table
        self.outDevice = outDevice
        self.gateway = gateway
        self.preferredSource = preferredSource
        self.errorNumber = errorNumber
        self.matchedRoute = matchedRoute
        self.pathMTU = pathMTU
    }
}

/// A rule that a packet met (nftables trace, iptables TRACE).
public struct RuleEvent: Sendable, Codable, Hashable {
    public var timeNanoseconds: Int64
    public var namespace: String
    public var reference: RuleReference
    public var verdict: Verdict
    /// The base chain from which the packet came to the rule's chain, or that chain itself; nil where not known.
    public var baseChain: String?
    /// The hook of that base chain.
    public var hook: NetfilterHook?
    /// The label is 0 where the traced packet could not be told from others.
    public var headers: PacketHeadersRecord
    public var inDevice: String?
    public var outDevice: String?
    public var mark: UInt32

    public init(
        timeNanoseconds: Int64, namespace: String, reference: RuleReference, verdict: Verdict,
        baseChain: String? = nil, hook: NetfilterHook? = nil, headers: PacketHeadersRecord, inDevice: String? = nil,
        outDevice: String? = nil, mark: UInt32 = 0
    ) {
        self.timeNanoseconds = timeNanoseconds
        self.namespace = namespace
        self.reference = reference
        self.verdict = verdict
        self.baseChain = baseChain
        self.hook = hook
        self.headers = headers
        self.inDevice = inDevice
        self.outDevice = outDevice
        self.mark = mark
    }
}

/// The kernel freed a packet (`skb:kfree_skb`).
public struct DropEvent: Sendable, Codable, Hashable {
    public var timeNanoseconds: Int64
    /// Nil where the source does not know it.
    public var namespace: String?
    public var device: String?
    public var reason: DropReason
    /// The kernel function that freed it, e.g. `nft_do_chain`.
    public var location: String?
    /// The label is 0 where the source does not know the packet.
    public var headers: PacketHeadersRecord
    /// Ethertype, from a source that knows no more of the packet (tracefs); else nil.
    public var etherType: UInt16?

    public init(
        timeNanoseconds: Int64, namespace: String?, device: String? = nil, reason: DropReason, location: String? = nil,
        headers: PacketHeadersRecord, etherType: UInt16? = nil
    ) {
        self.timeNanoseconds = timeNanoseconds
        self.namespace = namespace
        self.device = device
        self.reason = reason
        self.location = location
        self.headers = headers
        self.etherType = etherType
    }

    /// Whether nothing is known of the packet by which it could be joined to a walk.
    public var isAnonymous: Bool { etherType != nil && headers.label == 0 }
}

/// A sender's socket call that failed, so that no packet left.
public struct SendFailure: Sendable, Codable, Hashable {
    public var timeNanoseconds: Int64
    public var namespace: String
    public var tuple: FlowTuple
    public var errorNumber: Int32
    /// As strerror(3) says it.
    public var message: String

    public init(timeNanoseconds: Int64, namespace: String, tuple: FlowTuple, errorNumber: Int32, message: String) {
        self.timeNanoseconds = timeNanoseconds
        self.namespace = namespace
        self.tuple = tuple
        self.errorNumber = errorNumber
        self.message = message
    }
}

/// What a namespace's protocol counters rose by since the run began: a weak witness of why packets were dropped, and
/// the only one where BPF may not be used.
public struct CounterChange: Sendable, Codable, Hashable {
    public var timeNanoseconds: Int64
    public var namespace: String
    /// Keys as `/proc/net/snmp` and `netstat` name them: `Ip.InAddrErrors`, `IpExt.InNoRoutes`, `Ip6InDiscards`. Only
    /// those that rose.
    public var counters: [String: UInt64]

    public init(timeNanoseconds: Int64, namespace: String, counters: [String: UInt64]) {
        self.timeNanoseconds = timeNanoseconds
        self.namespace = namespace
        self.counters = counters
    }
}

/// From now on one packet of `oneOf` is looked at, the same one at every place (`SampleNumber`).
public struct SamplingChange: Sendable, Codable, Hashable {
    public enum Reason: String, Sendable, Codable {
        /// The run was asked for it.
        case asked
        /// More sightings came in a second than the run may take.
        case rate
        /// What waited took more memory than the run may.
        case memory
        /// What waited would have taken longer to work through than what is shown may be old.
        case backlog
        /// There is less again.
        case calm
    }

    public var timeNanoseconds: Int64
    public var oneOf: UInt32
    public var reason: Reason

    public init(timeNanoseconds: Int64, share: SampleShare, reason: Reason) {
        self.timeNanoseconds = timeNanoseconds
        oneOf = share.oneOf
        self.reason = reason
    }

    public var share: SampleShare { SampleShare(oneOf: oneOf) }
}

/// A source lost events.
public struct Loss: Sendable, Codable, Hashable {
    /// When it was noticed; the events were lost since the source's last count.
    public var timeNanoseconds: Int64
    /// The vantage point, where the source knows which.
    public var vantage: VantageID?
    /// `pcap host:veth0`, `nflog host`, `conntrack host`, …
    public var source: String
    public var lost: UInt64
    /// No source reported it: a walk alone shows that rules are missing, as those of every packet that is not sampled.
    /// Such a loss is no event, so it is never recorded.
    public var isInferred = false

    public init(timeNanoseconds: Int64, vantage: VantageID?, source: String, lost: UInt64) {
        self.timeNanoseconds = timeNanoseconds
        self.vantage = vantage
        self.source = source
        self.lost = lost
    }

    enum CodingKeys: CodingKey { case timeNanoseconds, vantage, source, lost }

    /// How rule traces name themselves: `rule trace host`.
    public static let ruleTracePrefix = "rule trace "
    /// How those who hear of connections name themselves: `conntrack host`.
    public static let connectionsPrefix = "conntrack "
    /// How the BPF programs that see packets at hooks and devices name themselves. What they lose may have been seen anywhere.
    public static let kernelSightings = "bpf"
    /// Names the packets that were under way as a run began to look at fewer, or at more: some of their sightings are left out.
    public static let changedSampling = "changed sampling"
    /// Names what a run had not read when a signal ended it.
    public static let interrupted = "interrupted"
    /// Names what a damaged recording does not give.
    public static let damage = "damaged recording"
    /// How the sources of drop reasons name themselves.
    public static let dropReasons = "drop reasons"

    /// What a source tells of.
    public enum Subject: Sendable {
        /// Packets at devices and hooks, or anything: what is missing may be a hop.
        case sightings
        case rules
        case drops
        case connections
    }

    /// What a source of that name tells of.
    public static func subject(of source: String) -> Subject {
        if source.hasPrefix(ruleTracePrefix) { return .rules }
        if source.hasPrefix(connectionsPrefix) { return .connections }
        return source == dropReasons ? .drops : .sightings
    }
}

/// The fields by which a rule trace or a drop is joined to a walk.
public struct PacketHeadersRecord: Sendable, Codable, Hashable {
    public var tuple: FlowTuple
    public var label: UInt64
    public var identification: UInt16
    public var ttl: UInt8
    public var length: UInt32
    /// Of an IPv6 fragment, `PacketHeaders.datagramKey`: all fragments of one datagram have the same.
    public var datagramKey: UInt64?

    public init(_ headers: PacketHeaders) {
        tuple = FlowTuple(headers)
        datagramKey = headers.isFragment && !headers.source.isIPv4 ? headers.datagramKey : nil
        label = headers.label
        identification = headers.identification
        ttl = headers.ttl
        length = headers.length
    }
}

extension FlowTuple {
    /// The tuple of a packet; an echo's identifier stands in both ports.
    @inlinable
    public init(_ headers: PacketHeaders) {
        let echo = headers.isEcho
        self.init(
            source: headers.source, destination: headers.destination,
            sourcePort: echo ? headers.icmpIdentifier : headers.sourcePort,
            destinationPort: echo ? headers.icmpIdentifier : headers.destinationPort,
            ipProtocol: headers.ipProtocol)
    }
}
