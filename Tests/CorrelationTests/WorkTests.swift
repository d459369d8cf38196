import Correlation
import Observations
import Testing
import WalkModel

/// What a packet costs the engine, counted in comparisons and in records held: no more where there are more of them.
@Suite("The engine's work for each packet") struct WorkTests {
    private struct Cost: CustomStringConvertible {
        /// For each observation.
        var comparisons: Double
        /// The most that were held at once.
        var records: Int

        var description: String { "\(comparisons) comparisons a packet, \(records) records" }
    }

    /// - Parameter reserve: comparisons beside those that each packet earns.
    private func cost(_ stream: HostileStream, count: Int, reserve: Int = 1 << 14) -> Cost {
        var options = WalkEngine.Options()
        options.comparisonReserve = reserve
        var engine = WalkEngine(options: options)
        var records = 0
        var walks = 0
        for event in stream.events(count: count) {
            engine.take(event)
            if case .watermark = event {
                walks += engine.finishedBatch().records.count
                records = max(records, engine.statistics.openRecords)
            }
        }
        walks += engine.finishBatch().records.count
        let statistics = engine.statistics
        // How datagrams begin is remembered a while.
        #expect(walks > 0 && statistics.openRecords <= 1, "\(stream.kind)")
        return Cost(
            comparisons: Double(statistics.comparisons) / Double(statistics.observations), records: records)
    }

    @Test("is the same in a stream four times as long", arguments: HostileStream.Kind.allCases, [1] as [UInt64])
    func steady(kind: HostileStream.Kind, seed: UInt64) {
        // A packet in three milliseconds: what is open at one time does not depend on the length.
        let stream = HostileStream(kind: kind, seed: seed)
        let short = cost(stream, count: 800)
        let long = cost(stream, count: 3200)
        #expect(long.comparisons <= short.comparisons * 1.25 + 8, "\(kind), seed \(seed): \(short), then \(long)")
        #expect(long.records <= short.records * 5 / 4 + 64, "\(kind), seed \(seed): \(short), then \(long)")
    }

    @Test("is the same in a flood four times as dense", arguments: HostileStream.Kind.allCases, [2] as [UInt64])
    func flood(kind: HostileStream.Kind, seed: UInt64) {
        // All within the time that a walk stays open.
        let sparse = cost(HostileStream(kind: kind, seed: seed, interval: 400_000), count: 600)
        let dense = cost(HostileStream(kind: kind, seed: seed, interval: 100_000), count: 2400)
        #expect(
            dense.comparisons <= max(600, sparse.comparisons * 1.25), "\(kind), seed \(seed): \(sparse), then \(dense)")
    }

    @Test("leaves a stream of fragments that begin alike apart where nothing but fragments is seen")
    func fragmentsApart() {
        var engine = WalkEngine()
        let stream = HostileStream(kind: .forwardedFragments, seed: 3)
        for event in stream.events(count: 500) { engine.take(event) }
        let walks = engine.finish()
        #expect(walks.count == 500)
        #expect(walks.allSatisfy { $0.hops.filter { $0.vantage == .link }.map(\.packet.fragments) == [2, 2] })
        #expect(engine.statistics.comparisons < 500 * 40)
    }
}
