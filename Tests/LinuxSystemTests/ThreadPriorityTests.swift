import LinuxSystem
import Synchronization
import Testing

@Suite struct ThreadPriorityTests {
    /// What `body` gives on a thread of its own, which others do not share.
    private func onOwnThread(_ body: @escaping @Sendable () -> [Int32]) throws -> [Int32] {
        let result = Mutex<[Int32]>([])
        let thread = try WorkerThread {
            let values = body()
            result.withLock { $0 = values }
        }
        thread.join()
        return result.withLock { $0 }
    }

    @Test func `a thread steps back alone`() throws {
        let here = ThreadPriority.nice
        try #require(here < 19)
        let there = try onOwnThread {
            let before = ThreadPriority.nice
            ThreadPriority.nice = before + 1
            return [before, ThreadPriority.nice]
        }
        #expect(there == [here, here + 1])
        #expect(ThreadPriority.nice == here)
    }

    @Test func `whether it may come forward again is told beforehand`() throws {
        let canReturn = ThreadPriority.canReturn
        let values = try onOwnThread {
            let before = ThreadPriority.nice
            ThreadPriority.nice = before + 1
            ThreadPriority.nice = before
            return [before, ThreadPriority.nice]
        }
        #expect((values[0] == values[1]) == canReturn)
    }
}
