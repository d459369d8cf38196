internal import Discovery
internal import LinuxSystem
internal import Observations
internal import Synchronization
internal import Network

/// What has changed since the topology was read, and when to read it again.
///
/// Reading it takes up to seconds on a large host, so a thread of its own does it, and changes that come in a burst
/// (a container's start) share one reading. Where a reading takes little time a newcomer is found within a tenth of a second:
/// it begins 20 ms after the last change, 60 ms after the first, or after as long as the last reading took and four times
/// that, up to 300 ms and 2 s. Changes of routes and rules, which some programs make all the time, always wait so long.
struct Rediscovery {
    /// The namespaces to read whole; nil for all.
    private let detailed: Set<String>?
    /// When something changed since the last reading began; `patient`: routes, addresses and rules alone.
    private var urgent = Burst()
    private var patient = Burst()
    /// How long the last reading took, in nanoseconds.
    private var cost: Int64 = 0
    private var running: Reading?
    /// Links of which something was heard, and namespaces whose routing changed, since `takeChanges`.
    private var links: [(namespace: String, link: LinkMessage)] = []
    private var routing: Set<String> = []

    private struct Burst {
        var first: Int64?
        var last: Int64 = 0

        mutating func note(_ now: Int64) {
            last = now
            if first == nil { first = now }
        }

        func isDue(_ now: Int64, quiet: Int64, longest: Int64) -> Bool {
            first.map { now - last >= quiet || now - $0 >= longest } ?? false
        }
    }

    private final class Reading: Sendable {
        let result = Mutex<Result<Topology, any Error>?>(nil)
        let began = realTimeNanoseconds()
    }

    private static let quiet: Int64 = 300_000_000
    private static let longest: Int64 = 2_000_000_000

    init(_ plan: ProbePlan) {
        detailed = plan.namespacesToRead ?? (plan.namespaces.isEmpty ? nil : Set(plan.namespaces))
    }

    /// Something changed that only the topology tells.
    mutating func request() { urgent.note(realTimeNanoseconds()) }

    /// Routes, addresses or rules changed.
    mutating func requestLater() { patient.note(realTimeNanoseconds()) }

    /// Whether a reading is wanted soon, or under way: who waits for it looks more often.
    var isHurried: Bool { urgent.first != nil || running != nil }

    mutating func note(_ change: LinkWatch.Change, in namespace: String) {
        routing.insert(namespace)
        switch change {
        case .link(let link):
            links.append((namespace, link))
            request()
        case .routing: requestLater()
        case .unknown: request()
        }
    }

    mutating func takeChanges() -> (links: [(namespace: String, link: LinkMessage)], routing: Set<String>) {
        defer {
            links = []
            routing = []
        }
        return (links, routing)
    }

    /// Whether `step` has something to do.
    func hasStep(now: Int64) -> Bool {
        running.map { reading in reading.result.withLock { $0 != nil } } ?? isDue(now)
    }

    private func isDue(_ now: Int64) -> Bool {
        urgent.isDue(
            now, quiet: min(max(cost, 20_000_000), Self.quiet),
            longest: min(max(4 * cost, 60_000_000), Self.longest))
            || patient.isDue(now, quiet: Self.quiet, longest: Self.longest)
    }

    /// Starts a reading where one is due; gives what the last one found, once. `wake` is called on another thread.
    mutating func step(now: Int64, wake: @escaping @Sendable () -> Void) -> Topology? {
        if let running {
            guard let result = running.result.withLock({ $0 }) else { return nil }
            self.running = nil
            cost = max(0, now - running.began)
            return try? result.get()
        }
        guard isDue(now) else { return nil }
        (urgent, patient) = (Burst(), Burst())
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
