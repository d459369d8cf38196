internal import Discovery
internal import LinuxSystem
internal import Network
public import Observations
internal import Probes

/// Where a run reads the state that failures are explained from.
public protocol NetworkState {
    /// The network as it is now, as events, the last of them a `.topology`.
    func snapshot() throws -> [Event]
}

/// The network of this machine, and what the protocol counters of its namespaces rose by since the run began.
struct LiveNetworkState: NetworkState {
    private let baseline: [(name: String, file: NetworkNamespaceFile, counters: ProtocolCounters)]

    /// The namespaces that are read whole; nil for all.
    private let detailed: Set<String>?

    /// Reads the counters of the namespaces of `topology` that are watched now.
    init(topology: Topology, plan: ProbePlan) {
        detailed = plan.namespacesToRead
        let watched = Set(plan.namespaces)
        baseline = topology.namespaces.compactMap { namespace in
            if !watched.isEmpty, !watched.contains(namespace.name) { return nil }
            // A namespace that has gone or is closed to us has no counters to compare with.
            guard let file = try? NetworkNamespaceFile(path: namespace.path),
                let counters = try? ProtocolCounters(in: file)
            else { return nil }
            return (namespace.name, file, counters)
        }
    }

    func snapshot() throws -> [Event] {
        var events = baseline.compactMap { entry in
            (try? ProtocolCounters(in: entry.file))?.change(since: entry.counters, namespace: entry.name)
                .map { Event.counters($0) }
        }
        let topology = try detailed.map { try Topology.discover(fully: $0) } ?? Topology.discover()
        events.append(.topology(topology, timeNanoseconds: realTimeNanoseconds()))
        return events
    }
}
