internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Synchronization

/// Carries batches from the reader thread to the consumer, and the consumer's wish to stop the other way.
///
/// Bounded in bytes. When it is full the reader stops reading: the kernel's buffers then fill, and each counts what it
/// lost, so that a loss is known by its vantage point.
final class EventQueue: Sendable {
    private struct State {
        var batches: [EventBatch] = []
        var bytes = 0
        var events = 0
        var speed = WorkSpeed()
        var isFinished = false
        var isStopping = false
        var isAbandoned = false
        var warnings: [String] = []
    }

    private let state = Mutex(State())
    private let budget: Int
    /// eventfd(2): something for the consumer.
    private let filled: Int32
    /// eventfd(2): space, or the wish to stop, for the reader.
    let control: Int32

    init(budget: Int) throws {
        self.budget = budget
        let flags = Int32(EFD_CLOEXEC | EFD_NONBLOCK)
        filled = try retryingInterrupts("make an eventfd") { eventfd(0, flags) }
        control = try retryingInterrupts("make an eventfd") { eventfd(0, flags) }
    }

    deinit {
        close(filled)
        close(control)
    }

    var warnings: [String] { state.withLock { $0.warnings } }
    var isStopping: Bool { state.withLock { $0.isStopping } }
    var isAbandoned: Bool { state.withLock { $0.isAbandoned } }
    /// How much of the budget is used, 0 to 1 and beyond.
    var fullness: Double { state.withLock { Double($0.bytes) / Double(max(1, budget)) } }
    /// How much waits, and how fast it is taken.
    var work: LoadLimit.Workload {
        state.withLock { LoadLimit.Workload(waitingEvents: $0.events, eventsPerSecond: $0.speed.eventsPerSecond) }
    }
    var isFull: Bool { state.withLock { $0.bytes >= budget } }

    func warn(_ warning: String) {
        state.withLock { if !$0.warnings.contains(warning), $0.warnings.count < 256 { $0.warnings.append(warning) } }
    }

    // MARK: The reader's side

    func push(_ batch: EventBatch) {
        state.withLock {
            if $0.isAbandoned { return }
            $0.batches.append(batch)
            $0.bytes += Self.size(of: batch)
            $0.events += batch.events.count
        }
        signal(filled)
    }

    /// Leaves packets out of what waits.
    ///
    /// - Parameters:
    ///   - events: made to stand before what waits, from the time of its first packet, and how many packets were left out.
    /// - Returns: false where nothing waits.
    func thin(
        telling events: (Int64, Int) -> [Event], keeping takes: (borrowing Observation, RawSpan) -> Bool
    ) -> Bool {
        // The consumer finds nothing meanwhile, and waits: only this thread pushes.
        var batches = state.withLock { state in
            defer { (state.batches, state.bytes, state.events) = ([], 0, 0) }
            return state.batches
        }
        guard let first = batches.lazy.compactMap(\.firstPacketNanoseconds).first else {
            putBack(batches)
            return false
        }
        let before = batches.reduce(0) { $0 + $1.events.count }
        for index in batches.indices { batches[index].keepPackets(where: takes) }
        let after = batches.reduce(0) { $0 + $1.events.count }
        batches[0].prepend(events(first, before - after))
        putBack(batches)
        return true
    }

    private func putBack(_ batches: [EventBatch]) {
        state.withLock { state in
            if state.isAbandoned { return }
            state.batches = batches + state.batches
            state.bytes += batches.reduce(0) { $0 + Self.size(of: $1) }
            state.events += batches.reduce(0) { $0 + $1.events.count }
        }
        signal(filled)
    }

    func finish() {
        state.withLock { $0.isFinished = true }
        signal(filled)
    }

    /// Makes the reader look round.
    func wake() { signal(control) }

    /// Blocks the reader until there is space or the wish to stop, or the time has passed; -1 for any time.
    func waitForControl(timeoutMilliseconds: Int = -1) {
        var polled = pollfd(fd: control, events: Int16(POLLIN), revents: 0)
        _ = poll(&polled, 1, Int32(clamping: timeoutMilliseconds))
        clearControl()
    }

    func clearControl() {
        var count: UInt64 = 0
        _ = eventfd_read(control, &count)
    }

    // MARK: The consumer's side

    func stop() {
        state.withLock { $0.isStopping = true }
        signal(control)
    }

    /// The consumer is gone: nothing need be kept for it. Gives how many events waited.
    func abandon() -> Int {
        let count = state.withLock {
            let count = $0.batches.reduce(0) { $0 + $1.events.count }
            $0.isStopping = true
            $0.isAbandoned = true
            $0.batches = []
            $0.bytes = 0
            $0.events = 0
            return count
        }
        signal(control)
        return count
    }

    /// The next batch; an empty one after `timeoutMilliseconds` without any; nil after the last.
    func next(timeoutMilliseconds: Int) -> EventBatch? {
        var timeout = Int32(clamping: timeoutMilliseconds)
        state.withLock { $0.speed.hasDone(atMilliseconds: monotonicMilliseconds()) }
        while true {
            let (batch, isFinished) = state.withLock { state -> (EventBatch?, Bool) in
                guard !state.batches.isEmpty else { return (nil, state.isFinished) }
                let batch = state.batches.removeFirst()
                state.bytes -= Self.size(of: batch)
                state.events -= batch.events.count
                state.speed.begins(batch.events.count, atMilliseconds: monotonicMilliseconds())
                return (batch, state.isFinished)
            }
            if let batch {
                signal(control)
                return batch
            }
            if isFinished { return nil }
            var count: UInt64 = 0
            _ = eventfd_read(filled, &count)
            if state.withLock({ !$0.batches.isEmpty || $0.isFinished }) { continue }
            if timeout == 0 { return EventBatch() }
            var polled = pollfd(fd: filled, events: Int16(POLLIN), revents: 0)
            let ready = poll(&polled, 1, timeout)
            if ready <= 0 { timeout = 0 }
        }
    }

    private func signal(_ descriptor: Int32) {
        _ = eventfd_write(descriptor, 1)
    }

    private static func size(of batch: EventBatch) -> Int {
        batch.events.count * MemoryLayout<Event>.stride + batch.bytes.count
    }
}
