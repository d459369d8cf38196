internal import Diagnosis
public import Discovery
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations
public import Probes
public import Recording
internal import WalkModel
internal import Wire

/// Sends one packet from a namespace and explains its exchange: what `explain` and labs do.
public struct Explainer {
    /// The sender's namespace, as a user names it.
    public var from: String
    public var request: PacketRequest
    /// How long to wait for a reply.
    public var waitSeconds: Double
    public var hooks: ProbePlan.Hooks
    public var links: ProbePlan.Links
    public var drops: ProbePlan.Drops
    /// Whether the packet is traced through the rules that it meets.
    public var tracesRules = true
    /// Keeps the run.
    public var recorder: RecordingWriter?
    public var interruption: any Interruption
    /// Whether a packet that was answered is compared with other traffic of its two ends: their size, their senders.
    public var looksFurther = true
    /// The only namespaces to watch, as a user names them; empty for those that the packet can meet.
    public var namespaces: [String] = []
    /// The network as it was read just before; nil to read it.
    public var network: SlicedNetwork?
    /// Whether the whole machine is read and watched, not only what the packet can meet: to compare the two.
    public var takesAll = false

    public init(
        from: String, request: PacketRequest, waitSeconds: Double = 2, hooks: ProbePlan.Hooks = .auto,
        links: ProbePlan.Links = .auto, drops: ProbePlan.Drops = .auto, recorder: RecordingWriter? = nil,
        interruption: any Interruption = Uninterrupted()
    ) {
        self.from = from
        self.request = request
        self.waitSeconds = waitSeconds
        self.hooks = hooks
        self.links = links
        self.drops = drops
        self.recorder = recorder
        self.interruption = interruption
    }

    /// Sends the packet and waits for its reply. Throws `RunError`; `SystemError` where the system refuses.
    public func explain() throws -> Explanation {
        contrasted(try observe())
    }

    /// Sends the packet and waits for its reply, and no more.
    func observe() throws -> Explanation {
        let surroundings = try Surroundings(for: self)
        let topology = surroundings.topology
        let namespace = try resolveNamespace(from, in: topology)
        let sender = try PacketSender(
            request, in: NetworkNamespaceFile(path: namespace.path), name: namespace.name)
        var plan = ProbePlan(
            hooks: hooks, links: links, rules: tracesRules ? .packet(sender.tuple) : .none, drops: drops)
        plan.user = request.user
        plan.namespaces = surroundings.watched
        plan.namespacesToRead = surroundings.read
        let run = try LiveRun(
            topology: topology, plan: plan,
            activity: Sending(sender: sender, waitMilliseconds: Int64(waitSeconds * 1000)), recorder: recorder,
            interruption: interruption)
        defer { run.close() }
        var exchanges: [Exchange] = []
        var network = topology
        while let groups = try run.next() {
            for group in groups {
                exchanges += group.exchanges
                if let newest = group.topology { network = newest }
            }
        }
        let choice = ExchangeChoice(request: request, tuple: sender.tuple)
        // One that waits for its reply is given after those that await none.
        var ours = choice.chosen(from: exchanges).sorted {
            $0.request.startNanoseconds < $1.request.startNanoseconds
        }
        for index in ours.indices {
            ours[index] = withLateReply(
                ours[index], among: exchanges, run.flows(concerning: ours[index].request), network)
        }
        if ours.isEmpty {
            let walk = unseen(sender.tuple, from: namespace.name, answer: run.activity.answer, in: network)
            ours = [Exchange(request: walk)]
        }
        if run.activity.answer == .none, !interruption.isRequested {
            let context = DiagnosisContext(topology: network)
            ours = ours.map { Diagnosis.unheard($0, context: context) ?? $0 }
        } else if run.activity.answer != .none {
            // The sender's socket got it.
            for index in ours.indices { ours[index].reply?.confirmDelivery() }
        }
        var explanation = Explanation(
            group: ExchangeGroup(topology: network, exchanges: ours),
            warnings: run.newWarnings()
                + [ownerRemark(network[namespace: namespace.name] ?? namespace)].compactMap(\.self),
            isCutShort: run.isCutShort)
        explanation.flows = ours.first.map { run.flows(concerning: $0.request) } ?? []
        return explanation
    }

    /// The exchange with the reply that ended after its request had been given alone: a packet last seen where a queue may
    /// hold it is waited for.
    private func withLateReply(
        _ exchange: Exchange, among exchanges: [Exchange], _ flows: [FlowEvent], _ network: Topology
    ) -> Exchange {
        guard exchange.reply == nil,
            let late = exchanges.first(where: { $0.reply == nil && $0.request.answers == exchange.request.id })?.request
        else { return exchange }
        var result = exchange
        result.reply = late
        result.reply?.findings = []
        result.request.findings = []
        result.confirmArrival()
        var context = DiagnosisContext(topology: network)
        context.flows = flows
        result.request = Diagnosis.findings(for: result.request, reply: result.reply, context: context).walk
        return result
    }

    /// As whom the packet was sent, where rules of the sender's namespace ask for a socket's owner: the program that fails
    /// may run as somebody else.
    private func ownerRemark(_ namespace: Namespace) -> String? {
        let asking = namespace.netfilter.chains.lazy.flatMap { chain in
            chain.rules.lazy.filter { rule in
                ["-m owner", "skuid", "skgid"].contains { rule.text.contains($0) }
            }.map { "\(chain.table) \(chain.name) \($0.position)" }
        }
        guard let first = asking.first else { return nil }
        return
            "sent as user \(request.user ?? geteuid()), group \(request.group ?? getegid()): \(first) in \(namespace.name) asks for the owner of the sending socket; --uid and --gid send as another"
    }

    /// IPDEFTTL of linux/ip.h, IPV6_DEFAULT_HOPLIMIT.
    private static let usualTTL: UInt8 = 64

    /// A packet that no probe saw, and what the state of the network says of it.
    private func unseen(
        _ tuple: FlowTuple, from sender: String, answer: PacketSender.Answer, in topology: Topology
    ) -> Walk {
        let isEcho = request.kind == .echo
        let hop = Hop(
            index: 0, host: topology.host, namespace: sender, vantage: .socket, direction: .out, evidence: [.state],
            packet: Hop.Packet(
                source: tuple.source, destination: tuple.destination, sourcePort: isEcho ? nil : tuple.sourcePort,
                destinationPort: isEcho ? nil : tuple.destinationPort,
                ttl: request.ttl ?? (tuple.destination.isMulticast ? 1 : Self.usualTTL)))
        let kind: PacketKind =
            switch request.kind {
            case .echo:
                .icmp(.echoRequest(isIPv6: tuple.ipProtocol == .icmpv6, identifier: tuple.sourcePort, sequence: 1))
            case .tcp: .tcp(flags: .syn)
            case .udp: .unseen(.udp)
            }
        var walk = Walk(
            id: String(repeating: "0", count: 32), host: topology.host, kind: kind, source: tuple.source,
            destination: tuple.destination, sourcePort: hop.packet.sourcePort,
            destinationPort: hop.packet.destinationPort, startNanoseconds: realTimeNanoseconds(),
            outcome: answer == .answered ? .delivered : .lost, hops: [hop])
        let words: String
        switch answer {
        case .answered: words = "a reply arrived nevertheless"
        case .error(let number): words = "the sender got: \(String(cString: strerror(number)))"
        case .none: words = "no reply arrived"
        }
        if answer != .answered {
            walk = Diagnosis.findings(for: walk, reply: nil, context: DiagnosisContext(topology: topology)).walk
        }
        if walk.findings.isEmpty || walk.findings[0].code == "lost-unexplained" {
            walk.findings = [
                Finding(
                    code: "not-seen", severity: .warning, where: Finding.Place(namespace: sender),
                    message:
                        "the packet was handed to the stack of \(sender) and seen at no vantage point; \(words)",
                    evidence: [], checks: walk.findings.first?.checks ?? [])
            ]
        }
        walk.findings[0].evidence.append(.seen("at no vantage point; \(words)"))
        return walk
    }
}
