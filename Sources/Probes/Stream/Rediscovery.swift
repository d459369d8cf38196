internal import Discovery
internal import LinuxSystem
internal import Observations
internal import Synchronization
internal import Network

/// What has changed since the topology was read, and when to read it again.
///
/// Reading it takes up to seconds on a large host, so a thread of its own does it, and changes that come in a burst
/// (a container's start) share one reading: 300 ms after the last of them, 2 s after the first.
struct Rediscovery {
    /// The namespaces to read whole; nil for all.
    private let detailed: Set<String>?
    private var firstChange: Int64?
    private var lastChange: Int64 = 0
    private var running: Reading?
    /// Links of which something was heard, and namespaces whose routing changed, since `takeChanges`.
    private var links: [(namespace: String, link: LinkMessage)] = []
    private var routing: Set<String> = []

    private final class Reading: Sendable {
        let result = Mutex<Result<Topology, any Error>?>(nil)
    }

    init(_ plan: ProbePlan) {
        detailed = plan.namespacesToRead ?? (plan.namespaces.isEmpty ? nil : Set(plan.namespaces))
    }

    /// Something changed that only the topology tells.
    mutating func request() {
        lastChange = realTimeNanoseconds()
        if firstChange == nil { firstChange = lastChange }
    }

    mutating func note(_ change: LinkWatch.Change, in namespace: String) {
        routing.insert(namespace)
        if case .link(let link) = change { links.append((namespace, link)) }
        request()
    }

    mutating func takeChanges() -> (links: [(namespace: String, link: LinkMessage)], routing: Set<String>) {
        defer {
            links = []
            routing = []
        }
        return (links, routing)
    }

    /// Starts a reading where one is due; gives what the last one found, once. `wake` is called on another thread.
    mutating func step(now: Int64, wake: @escaping @Sendable () -> Void) -> Topology? {
        if let running {
            guard let result = running.result.withLock({ $0 }) else { return nil }
            self.running = nil
            return try? result.get()
        }
        guard let firstChange, now - lastChange >= 300_000_000 || now - firstChange >= 2_000_000_000 else { return nil }
        self.firstChange = nil
        let reading = Reading()
        let detailed = detailed
        running = reading
        let thread = try? WorkerThread {
            let found = Result {
                if let detailed { try Topology.discover(fully: detailed) } else { try Topology.discover() }
            }
            reading.result.withLock { $0 = found }
            wake()
        }
        if let thread { thread.detach() } else { running = nil }
        return nil
    }
}
