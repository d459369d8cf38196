import Network
import Observations
import Runs
import Testing
import WalkModel

/// When a run ends, by a clock that the test moves.
@Suite("A live run")
struct LiveRunTests {
    private let clock = FakeClock()
    private let network = FakeNetworkState()

    private func run(
        _ source: FakeSource, _ activity: FakeActivity = FakeActivity(polls: .max),
        options: LiveRunOptions = LiveRunOptions(), interruption: any Interruption = Uninterrupted()
    ) -> LiveRun<FakeActivity> {
        LiveRun(
            topology: Topology(host: "host", time: "", namespaces: []), source: source, network: network,
            activity: activity, options: options,
            interruption: interruption, clock: clock)
    }

    /// Milliseconds until the run is over.
    private func elapsed(_ run: LiveRun<FakeActivity>, limit: Int = 10_000) throws -> Int64 {
        let begin = clock.milliseconds
        for _ in 0..<limit {
            if try run.next() == nil { return clock.milliseconds - begin }
        }
        Issue.record("the run does not end")
        return .max
    }

    @Test("begins its activity with the first call, once the probes are armed")
    func begin() throws {
        let activity = FakeActivity(polls: 1)
        let run = run(FakeSource(clock: clock), activity)
        #expect(!activity.hasBegun)
        _ = try run.next()
        #expect(activity.hasBegun)
    }

    @Test("ends when the activity has ended and the network has settled")
    func settle() throws {
        let activity = FakeActivity(polls: 5)
        let source = FakeSource(clock: clock)
        let took = try elapsed(run(source, activity, options: LiveRunOptions(settleMilliseconds: 300)))
        #expect((400...440).contains(took))
        #expect(source.isStopped && activity.isCancelled)
        #expect(network.snapshotCount == 1)
    }

    @Test("ends after the time that it was given")
    func duration() throws {
        let took = try elapsed(run(FakeSource(clock: clock), options: LiveRunOptions(durationSeconds: 1.5)))
        #expect((1500...1540).contains(took))
    }

    @Test("ends in order where its caller stops it: what was seen is handed out")
    func stop() throws {
        let run = run(FakeSource(try Golden.batches("namespace-to-wan.explain"), clock: clock))
        var exchanges = try #require(try run.next()).flatMap(\.exchanges)
        run.stop()
        while let groups = try run.next() { exchanges += groups.flatMap(\.exchanges) }
        #expect(Golden.inOrder(exchanges) == (try Golden.inOrder(Golden.exchanges("namespace-to-wan.explain"))))
        #expect(!run.isCutShort)
        #expect(try run.next() == nil)
    }

    @Test(
        "gives what a replay of its recording gives", arguments: ["rule-drop-nftables.explain", "segmentation.trace"])
    func sameAsReplay(name: String) throws {
        let source = FakeSource(try Golden.batches(name), clock: clock)
        let run = run(source, FakeActivity(polls: 0), options: LiveRunOptions(settleMilliseconds: 0))
        var exchanges: [Exchange] = []
        while let groups = try run.next() { exchanges += groups.flatMap(\.exchanges) }
        #expect(Golden.inOrder(exchanges) == (try Golden.inOrder(Golden.exchanges(name))))
    }

    @Test("reads on after an interruption as long as it may, and then leaves the rest")
    func interrupted() throws {
        let batches = try Golden.batches("segmentation.trace")
        try #require(batches.count > 4)
        let interruption = FakeInterruption(clock)
        let source = FakeSource(batches, clock: clock)
        let activity = FakeActivity(polls: .max)
        let run = run(source, activity, interruption: interruption)
        #expect(interruption.isListening)
        _ = try run.next()
        interruption.request()
        clock.advance(EndingTimes().reading - 1)
        #expect(try run.next() != nil)
        #expect(source.isStopped && !source.isAbandoned)
        clock.advance(1)
        #expect(try run.next() != nil)
        #expect(source.isAbandoned && activity.isCancelled)
        #expect(run.isCutShort)
        #expect(try run.next() == nil)
    }

    @Test("ends in two seconds though its time is over and packets come in without end")
    func behindAtTheEnd() throws {
        let clock = clock
        let source = EndlessSource(clock: clock)
        let run = LiveRun(
            topology: Topology(host: "host", time: "", namespaces: []), source: source, network: network,
            activity: FakeActivity(polls: .max), options: LiveRunOptions(durationSeconds: 1), clock: clock)
        let begin = clock.milliseconds
        while try run.next() != nil {}
        #expect(clock.milliseconds - begin <= 3000)
        #expect(source.isAbandoned && run.isCutShort)
    }

    @Test("that is interrupted and not behind ends at once, with nothing missing")
    func interruptedInTime() throws {
        let interruption = FakeInterruption(clock)
        let run = run(FakeSource(clock: clock), interruption: interruption)
        _ = try run.next()
        interruption.request()
        let took = try elapsed(run)
        #expect(took <= 40)
        #expect(!run.isCutShort)
    }

    @Test("reads the network for its failures at most once a second, and once more at its end")
    func snapshots() throws {
        // Nothing explains the failures: they wait for a snapshot all the time.
        let batches = try Golden.batches("rule-drop-nftables.trace").map { batch in
            var rest = EventBatch()
            for event in batch.events {
                if case .topology = event { continue }
                rest.append(event)
            }
            return rest
        }
        let run = run(FakeSource(batches, clock: clock), options: LiveRunOptions(durationSeconds: 3))
        while let groups = try run.next() {
            // Those that ended badly are held back until then.
            #expect(groups.flatMap(\.exchanges).allSatisfy { $0.arrived } || network.snapshotCount > 0)
        }
        #expect((3...5).contains(network.snapshotCount))
    }

    @Test("that is closed early cancels its activity and disarms its probes")
    func close() throws {
        let source = FakeSource(clock: clock)
        let activity = FakeActivity(polls: .max)
        do {
            let run = run(source, activity)
            _ = try run.next()
        }
        #expect(source.isStopped && activity.isCancelled)
    }

    @Test("says once what can't be watched")
    func warnings() throws {
        let source = FakeSource(clock: clock)
        let run = run(source)
        source.warnings = ["a"]
        #expect(run.newWarnings() == ["a"])
        source.warnings = ["a", "b"]
        #expect(run.newWarnings() == ["b"])
        #expect(run.newWarnings().isEmpty)
    }
}
