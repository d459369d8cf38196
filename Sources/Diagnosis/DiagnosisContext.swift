internal import Ruleset
public import Observations
public import Network
internal import WalkModel
public import Wire

/// What is known beside the walk itself: the state of the network and what the other sources said of this packet.
///
/// Pure data, so that a replay diagnoses as the live run did.
public struct DiagnosisContext: Sendable {
    /// An ICMP error that came back for the packet.
    public struct ICMPError: Sendable, Hashable {
        /// Who sent it.
        public var source: IPAddress
        public var type: UInt8
        public var code: UInt8
        /// Of "fragmentation needed" and "packet too big".
        public var mtu: UInt32
        /// Whether it reached the packet's sender.
        public var reachedSender: Bool
        public init(source: IPAddress, type: UInt8, code: UInt8, mtu: UInt32 = 0, reachedSender: Bool = true) {
            self.source = source
            self.type = type
            self.code = code
            self.mtu = mtu
            self.reachedSender = reachedSender
        }
    }

    /// What a counter of `/proc/net/snmp`, `netstat` or the like rose by while the walk ran.
    public struct CounterDelta: Sendable, Hashable {
        public var namespace: String
        /// `Ip.InAddrErrors`, `Udp.RcvbufErrors`, `nf_conntrack.drop`, …
        public var name: String
        public var delta: UInt64
        public init(namespace: String, name: String, delta: UInt64) {
            self.namespace = namespace
            self.name = name
            self.delta = delta
        }
    }

    /// The network, read after the packet where possible: neighbour states and counters then tell of it.
    public var topology: Topology { graph.topology }
    private(set) var graph: NetworkGraph
    /// As it stood before the packet.
    public var before: Topology?
    /// Whether the packet took its whole path between the two: counters then tell of it.
    var isBetween = false
    /// Rules that this packet met, in order.
    public var rules: [RuleEvent] = []
    /// Drops of this packet.
    public var drops: [DropEvent] = []
    /// What the kernel dropped meanwhile, of whatever packet; nil where nobody watched that way.
    public var nearbyDrops: NearbyDrops?
    /// The kernel's routing answers for this packet's flow.
    public var routes: [RouteDecision] = []
    public var flows: [FlowEvent] = []
    public var sendFailures: [SendFailure] = []
    public var icmpErrors: [ICMPError] = []
    /// Whether an ICMP error came about the reply: whoever asked did not take it.
    public var isReplyRefused = false
    public var counters: [CounterDelta] = []
    public var losses: [Loss] = []
    /// Whether the run waited long enough for an answer that its absence means something.
    public var awaitedAnswer = true

    public init(
        topology: Topology, before: Topology? = nil, rules: [RuleEvent] = [], drops: [DropEvent] = [],
        routes: [RouteDecision] = [], flows: [FlowEvent] = [], sendFailures: [SendFailure] = [],
        icmpErrors: [ICMPError] = [], counters: [CounterDelta] = [], losses: [Loss] = [],
        awaitedAnswer: Bool = true
    ) {
        graph = NetworkGraph(topology)
        self.before = before
        self.rules = rules
        self.drops = drops
        self.routes = routes
        self.flows = flows
        self.sendFailures = sendFailures
        self.icmpErrors = icmpErrors
        self.counters = counters
        self.losses = losses
        self.awaitedAnswer = awaitedAnswer
    }

    /// With what is known of the network only. Many walks of one snapshot share its graph.
    init(graph: NetworkGraph, before: Topology?) {
        self.graph = graph
        self.before = before
    }

    /// The rules of a namespace before the packet, where the network was read after it.
    func rulesBefore(_ namespace: Namespace) -> Netfilter? {
        isBetween ? before?[namespace: namespace.name]?.netfilter : nil
    }

    /// With no more than links join to the namespaces that these walks were in: other networks of the machine may use the
    /// same addresses, and what is configured there matters to none of them.
    func concerning(_ walks: [Walk]) -> DiagnosisContext {
        var names = Set(
            walks.flatMap { walk in walk.hops.map(\.namespace) + [walk.stoppedAt?.namespace].compactMap(\.self) })
        names.formUnion(rules.map(\.namespace) + drops.compactMap(\.namespace) + sendFailures.map(\.namespace))
        var part = self
        part.graph = graph.joined(to: names)
        guard part.graph !== graph else { return self }
        part.flows.removeAll { part.graph[namespace: $0.namespace] == nil }
        part.routes.removeAll { part.graph[namespace: $0.namespace] == nil }
        part.counters.removeAll { part.graph[namespace: $0.namespace] == nil }
        return part
    }
}
