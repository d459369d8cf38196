import Network
import Observations
import Runs
import Synchronization

/// Time that only a test moves.
final class FakeClock: RunClock {
    private let now = Atomic<Int64>(1_000_000)
    var milliseconds: Int64 { now.load(ordering: .relaxed) }
    func advance(_ milliseconds: Int64) { now.add(milliseconds, ordering: .relaxed) }
}

/// An interruption at an instant of a clock.
final class FakeInterruption: Interruption {
    private let clock: FakeClock
    private let requestedAt = Atomic<Int64>(.max)
    private let listening = Atomic<Bool>(false)
    var isListening: Bool { listening.load(ordering: .relaxed) }

    init(_ clock: FakeClock) { self.clock = clock }

    func listen() { listening.store(true, ordering: .relaxed) }
    func request() { requestedAt.store(clock.milliseconds, ordering: .relaxed) }
    var elapsedMilliseconds: Int64? {
        let begin = requestedAt.load(ordering: .relaxed)
        return begin == .max ? nil : clock.milliseconds - begin
    }
}

/// Gives batches, one each time; after `stop` the rest of them, then nothing. Each wait takes the time that was asked for.
final class FakeSource: EventSource {
    private var batches: ArraySlice<EventBatch>
    private let clock: FakeClock
    private(set) var isStopped = false
    private(set) var isAbandoned = false
    var warnings: [String] = []

    init(_ batches: [EventBatch] = [], clock: FakeClock) {
        self.batches = batches[...]
        self.clock = clock
    }

    func next(timeoutMilliseconds: Int) -> EventBatch? {
        if isAbandoned { return nil }
        if let batch = batches.popFirst() { return batch }
        if isStopped { return nil }
        clock.advance(Int64(timeoutMilliseconds))
        return EventBatch()
    }

    func stop() { isStopped = true }

    func abandon() -> Int {
        isAbandoned = true
        return batches.reduce(0) { $0 + $1.events.count }
    }
}

/// Gives batch after batch, even after `stop`, each of which takes ten milliseconds to read.
final class EndlessSource: EventSource {
    private let clock: FakeClock
    private(set) var isAbandoned = false
    let warnings: [String] = []

    init(clock: FakeClock) { self.clock = clock }

    func next(timeoutMilliseconds: Int) -> EventBatch? {
        if isAbandoned { return nil }
        clock.advance(10)
        var batch = EventBatch()
        batch.append(.watermark(timeNanoseconds: clock.milliseconds * 1_000_000))
        return batch
    }

    func stop() {}

    func abandon() -> Int {
        isAbandoned = true
        return 1
    }
}

/// Counts how often the network was read.
final class FakeNetworkState: NetworkState {
    private(set) var snapshotCount = 0
    func snapshot() -> [Event] {
        snapshotCount += 1
        return []
    }
}

/// Ends when it was asked often enough.
final class FakeActivity: Activity {
    private(set) var hasBegun = false
    private(set) var isCancelled = false
    private var pollsLeft: Int

    init(polls: Int) { pollsLeft = polls }

    func begin(in topology: Topology) { hasBegun = true }
    func poll() -> (ended: Bool, events: [Event]) {
        pollsLeft -= 1
        return (pollsLeft < 0, [])
    }
    func cancel() { isCancelled = true }
}
