internal import LinuxSystem
public import Observations
public import Network

/// The live network as a stream of events.
///
///     let source = try LiveSource(topology: topology, plan: ProbePlan(filter: "icmp"))
///     while let batch = source.next(timeoutMilliseconds: 1000) { engine.consume(batch) }
///
/// Once `init` has returned, every probe is armed: a packet sent after it is seen. One thread reads all sources (see
/// `ProbeReader`); memory is bounded by the plan's budgets. When the consumer is slow the kernel's buffers fill and
/// what they lose is reported by `.loss` events, vantage point by vantage point.
///
/// Safe to use from several threads; `stop` may be called from any.
public final class LiveSource: Sendable {
    private let queue: EventQueue
    private let thread: WorkerThread

    /// Arms every probe of `plan`.
    ///
    /// - Throws: `ProbeError` where the filter is wrong or the caller may not capture. A single link or namespace that
    ///   can't be watched is a warning instead.
    public init(topology: Topology, plan: ProbePlan) throws {
        var plan = plan
        plan.filter = plan.filter.map { replacingNames(in: $0, by: topology) }
        let settled = plan
        // A wrong filter is told before anything is opened.
        if let filter = plan.filter { _ = try PacketFilter(filter, resolvesNames: plan.resolvesNames) }
        let queue = try EventQueue(budget: plan.queueBudget)
        let armed = try ArmingResult()
        self.queue = queue
        self.thread = try WorkerThread {
            ProbeReader.run(topology: topology, plan: settled, queue: queue, armed: armed)
        }
        do {
            try armed.wait()
        } catch {
            thread.join()
            throw error
        }
    }

    deinit {
        _ = queue.abandon()
        thread.join()
    }

    /// The next events, in order, the last of them a `.watermark`.
    ///
    /// - Parameter timeoutMilliseconds: how long to wait; -1 for ever.
    /// - Returns: an empty batch where the time passed without events; nil when the stream has ended after `stop`.
    public func next(timeoutMilliseconds: Int) -> EventBatch? {
        queue.next(timeoutMilliseconds: timeoutMilliseconds)
    }

    /// Ends the run. What the kernel still holds is handed on by `next` before it gives nil.
    public func stop() {
        queue.stop()
    }

    /// Ends the run at once: what was not taken by `next` is thrown away, what the kernel still holds is not read, and
    /// the hooks are removed. Gives how many events had been read and were not taken.
    public func abandon() -> Int {
        queue.abandon()
    }

    /// What could not be watched, one sentence each.
    public var warnings: [String] { queue.warnings }
}
