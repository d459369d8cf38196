import LinuxSystem
import Synchronization
import Testing

@testable import Runs

/// Whether the thread that makes walks leaves the processors to a busy network, and to nobody else.
@Suite struct StepBackTests {
    /// How much further back a thread of its own is after each of the batches, and after the end.
    private func distances(_ batches: [(events: Int, milliseconds: Int64)]) throws -> [Int32] {
        let result = Mutex<[Int32]>([])
        let thread = try WorkerThread {
            let before = ThreadPriority.nice
            var stepBack = StepBack()
            var distances: [Int32] = []
            for batch in batches {
                stepBack.note(events: batch.events, atMilliseconds: batch.milliseconds)
                distances.append(ThreadPriority.nice - before)
            }
            stepBack.end()
            let all = distances + [ThreadPriority.nice - before]
            result.withLock { $0 = all }
        }
        thread.join()
        return result.withLock { $0 }
    }

    @Test("thousands of events a second; forward again where there are few, and at the end")
    func busy() throws {
        try #require(ThreadPriority.nice <= 9)
        let far: Int32 = ThreadPriority.canReturn ? 10 : 0
        // 25,000 a second, 10,000, 4,000.
        #expect(try distances([(0, 1000), (2500, 1100), (1000, 1200), (400, 1300)]) == [0, far, far, 0, 0])
        #expect(try distances([(0, 1000), (2500, 1100)]) == [0, far, 0])
    }

    @Test("not for a few, nor for many at one moment")
    func calm() throws {
        #expect(try distances([(0, 1000), (1900, 1100), (1900, 1200)]) == [0, 0, 0, 0])
        // What waited before the first look says nothing of a rate.
        #expect(try distances([(100_000, 1000), (0, 1100)]) == [0, 0, 0])
    }
}
