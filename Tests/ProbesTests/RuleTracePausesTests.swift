import Testing
import Wire

@testable import Probes

@Suite("Tracing of rules where there are many packets")
struct RuleTracePausesTests {
    /// The milliseconds at which tracing ends (negative) and begins again, of sightings that come evenly.
    private func changes(
        perSecond: [Int], share: SampleShare = .all, sources: Int = 1
    ) -> [Int] {
        var pauses = RuleTracePauses()
        var (count, result): (Double, [Int]) = (0, [])
        for (second, rate) in perSecond.enumerated() {
            for part in 0..<100 {
                let now = second * 1000 + part * 10 + 10_000
                if let isTracing = pauses.look(
                    count: UInt64(count), share: share, sources: sources, now: Int64(now) * 1_000_000)
                {
                    result.append(isTracing ? now - 10_000 : 10_000 - now)
                }
                count += Double(rate) / 100
            }
        }
        return result
    }

    @Test("goes on without a pause where there are few")
    func few() { #expect(changes(perSecond: [0, 1000, 19_000, 5]).isEmpty) }

    @Test("is done for a tenth of each second where there are many, and all the time again afterwards")
    func many() {
        #expect(changes(perSecond: [50_000, 50_000, 50_000]) == [-100, 1000, -1100, 2000, -2100])
        // Half as many are still too many; a tenth is not.
        #expect(changes(perSecond: [30_000, 15_000, 5_000, 5_000]) == [-100, 1000, -1100, 2000])
    }

    @Test("begins again as soon as there are few, and not only when the pause would have ended")
    func calm() { #expect(changes(perSecond: [50_000, 0, 0, 0], sources: 17) == [-100, 1100]) }

    @Test("counts the packets that a sample leaves out")
    func sample() {
        #expect(changes(perSecond: [1_000, 1_000], share: SampleShare(oneOf: 100)) == [-100, 1000, -1100])
        #expect(changes(perSecond: [100, 100], share: SampleShare(oneOf: 100)).isEmpty)
    }

    @Test("changes more rarely where many namespaces have rules")
    func manyNamespaces() {
        #expect(changes(perSecond: [50_000, 50_000, 50_000, 50_000], sources: 17) == [-100, 2800, -2900])
    }
}
