import Testing

@testable import Probes

@Suite struct ReadingPaceTests {
    /// Whether the reader is busy after each span of 100 ms with so many packets.
    private func busy(_ packets: [UInt64]) -> [Bool] {
        var pace = ReadingPace()
        pace.note(seen: 0, at: 1)
        var seen: UInt64 = 0
        return packets.enumerated().map { index, count in
            seen += count
            pace.note(seen: seen, at: Int64(index + 1) * 100_000_000 + 1)
            return pace.isBusy
        }
    }

    @Test func `it comes by the clock above ten thousand packets a second, until there are below two thousand`() {
        #expect(busy([900, 1000, 1001, 500, 201, 200, 900]) == [false, false, true, true, true, false, false])
    }

    @Test func `a burst within a span is no rate`() {
        var pace = ReadingPace()
        pace.note(seen: 0, at: 1)
        pace.note(seen: 900, at: 1_000_000)
        #expect(!pace.isBusy)
    }
}
