internal import LinuxSystem
internal import Observations
internal import Probes
internal import Recording
internal import Topology
internal import Twin
internal import Views
internal import Walks
internal import Wire

/// `explain`, whoever asks for it: one packet of our own, its exchange, and the cause where it failed.
struct Explainer {
    var from: String
    var request: PacketRequest
    var waitSeconds: Double = 2
    var hooks: HookChoice = .auto
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
        let plan = ProbePlan(hooks: hooks.probeHooks, rules: .packet(sender.tuple))
        do {
            try Session(plan: plan, recorder: recorder).run(&sending, topology: topology, into: &collector)
        } catch let error as ProbeError {
            throw error.failure
        } catch let error as RecordingError {
            throw Failure(.cannotWrite, "\(error)")
        }
        let ours = collector.exchanges.filter { isOurs($0.request, tuple: sender.tuple) }
        // The error of the send stands for itself only where the packet was seen nowhere.
        let seen = ours.filter { $0.request.hops.contains { $0.vantage != .socket } }
        return ExchangeGroup(topology: collector.topology ?? topology, exchanges: seen.isEmpty ? ours : seen)
    }

    private func isOurs(_ walk: Walk, tuple: FlowTuple) -> Bool {
        guard walk.protocol == tuple.ipProtocol.description, walk.destination == tuple.destination.description else {
            return false
        }
        if !tuple.source.isUnspecified, walk.source != tuple.source.description { return false }
        return walk.sourcePort == nil || tuple.sourcePort == 0 || walk.sourcePort == tuple.sourcePort
            || request.kind == .echo
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
