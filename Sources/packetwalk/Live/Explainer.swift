internal import Runs
internal import Discovery
internal import Diagnosis
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Probes
internal import Recording
internal import Network
internal import Twin
internal import Views
internal import WalkModel
internal import Wire

/// `explain`, whoever asks for it: one packet of our own, its exchange, and the cause where it failed.
struct Explainer {
    var from: String
    var request: PacketRequest
    var waitSeconds: Double = 2
    var hooks: HookChoice = .auto
    var drops: DropChoice = .auto
    var output: OutputOptions
    var recorder: RecordingWriter?

    /// Gives whether the packet arrived and was answered.
    func run() throws -> Bool {
        let explanation = try explain()
        var printer = WalkPrinter(output: output, hidesHousekeeping: true)
        try printer.take([explanation])
        return printer.allArrived
    }

    /// Sends the packet; gives its exchange, or more than one where the kernel made more of it (forks of retries).
    func explain() throws -> ExchangeGroup {
        let topology = try Topology.discover()
        let namespace = try resolveNamespace(from, in: topology)
        let sender = try PacketSender(
            request, in: NetworkNamespaceFile(path: namespace.path), name: namespace.name)
        var sending = Sending(sender: sender, waitMilliseconds: Int64(waitSeconds * 1000))
        var collector = ExchangeCollector()
        let plan = ProbePlan(hooks: hooks.probeHooks, rules: .packet(sender.tuple), drops: drops.probeDrops)
        do {
            try Session(plan: plan, recorder: recorder).run(&sending, topology: topology, into: &collector)
        } catch let error as ProbeError {
            throw error.failure
        } catch let error as RecordingError {
            throw Failure(.cannotWrite, "\(error)")
        }
        let tuple = sender.tuple
        var ours = collector.exchanges.filter { isOurs($0.request, tuple: tuple) }
        // First seen behind a translation of the sender's own.
        if ours.isEmpty { ours = collector.exchanges.filter { isTranslated($0.request, tuple: tuple) } }
        // The error of the send stands for itself only where the packet was seen nowhere.
        let seen = ours.filter { $0.request.hops.contains { $0.vantage != .socket } }
        let network = collector.topology ?? topology
        if ours.isEmpty {
            ours = [Exchange(request: unseen(tuple, from: namespace.name, answer: sending.answer, in: network))]
        }
        return ExchangeGroup(topology: network, exchanges: seen.isEmpty ? ours : seen)
    }

    private func isOurs(_ walk: Walk, tuple: FlowTuple) -> Bool {
        guard walk.kind.ipProtocol == tuple.ipProtocol, walk.destination == tuple.destination else { return false }
        if !tuple.source.isUnspecified, walk.source != tuple.source { return false }
        // Somebody else's ping between the same addresses.
        if request.kind == .echo { return !walk.kind.isEchoRequest || hasIdentifier(walk, tuple) }
        return walk.sourcePort == nil || tuple.sourcePort == 0 || walk.sourcePort == tuple.sourcePort
    }

    /// Where the first sighting lies behind the sender's hooks, one address may be another already; an echo's identifier,
    /// or the port that the kernel chose, and the other address are still the packet's.
    private func isTranslated(_ walk: Walk, tuple: FlowTuple) -> Bool {
        guard walk.answers == nil, walk.kind.ipProtocol == tuple.ipProtocol else { return false }
        if request.kind == .echo { return hasIdentifier(walk, tuple) }
        return walk.sourcePort == tuple.sourcePort
            && (walk.source == tuple.source || walk.destination == tuple.destination)
    }

    private func hasIdentifier(_ walk: Walk, _ tuple: FlowTuple) -> Bool {
        walk.kind.isEchoRequest && walk.kind.icmp?.identifier == tuple.sourcePort
    }

    /// A packet that no probe saw, and what the state of the network says of it.
    private func unseen(
        _ tuple: FlowTuple, from sender: String, answer: PacketSender.Answer, in topology: Topology
    ) -> Walk {
        let isEcho = request.kind == .echo
        let hop = Hop(
            index: 0, host: topology.host, namespace: sender, vantage: .socket, direction: .out, evidence: [.state],
            packet: Hop.Packet(
                source: tuple.source, destination: tuple.destination, sourcePort: isEcho ? nil : tuple.sourcePort,
                destinationPort: isEcho ? nil : tuple.destinationPort, ttl: request.ttl))
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
        case .answered: words = "it was answered all the same"
        case .error(let number): words = "the sender got: \(String(cString: strerror(number)))"
        case .none: words = "no answer came"
        }
        if answer != .answered {
            walk = Diagnosis.findings(for: walk, reply: nil, context: DiagnosisContext(topology: topology)).walk
        }
        if walk.findings.isEmpty || walk.findings[0].code == "lost-unexplained" {
            walk.findings = [
                Finding(
                    code: "not-seen", severity: .warning, where: Finding.Place(namespace: sender),
                    message:
                        "\(sender) was given the packet to send, and none of the places that were watched saw it; \(words)",
                    evidence: [], checks: walk.findings.first?.checks ?? [])
            ]
        }
        walk.findings[0].evidence.append(.seen("nowhere; \(words)"))
        return walk
    }
}

/// Keeps what a session gives.
struct ExchangeCollector: WalkSink {
    private(set) var exchanges: [Exchange] = []
    /// The network as it was when the last of them ended.
    private(set) var topology: Topology?
    var walkCount: Int { exchanges.count }
    mutating func take(_ groups: [ExchangeGroup]) {
        for group in groups {
            exchanges += group.exchanges
            topology = group.topology
        }
    }
}
