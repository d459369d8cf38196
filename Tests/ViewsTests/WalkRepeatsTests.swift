import Network
import Testing
import Views
import WalkModel
import Wire

/// A failure that comes again is told in a line.
@Suite struct WalkRepeatsTests {
    private func exchange(_ name: String = "rule-drop", after nanoseconds: Int64 = 0, sequence: UInt16 = 1) throws
        -> Exchange
    {
        let fixture = try WalkFixture.load(name)
        var request = fixture.request
        request.startNanoseconds += nanoseconds
        if case .icmp(var message) = request.kind {
            message.sequence = sequence
            request.kind = .icmp(message)
        }
        return Exchange(request: request, reply: fixture.reply)
    }

    @Test("the next ping of a series that fails alike is a line, with the time since the first")
    func again() throws {
        var repeats = WalkRepeats()
        #expect(repeats.take(try exchange()) == nil)
        #expect(repeats.take(try exchange(after: 1_000_000_000, sequence: 2)) == 1_000_000_000)
        #expect(repeats.take(try exchange(after: 2_000_000_000, sequence: 3)) == 2_000_000_000)
        let second = try exchange(after: 1_000_000_000, sequence: 2)
        let line = WalkRenderer(format: .text).render(again: second.request, reply: nil, after: 1_000_000_000)
        #expect(line.contains("seq 2"))
        #expect(line.contains("at host forward, again after 1.00 s: rule-drop, as above"))
    }

    enum Difference: CaseIterable {
        case destination, place, cause, outcome, fewerHops
    }

    @Test("what fails otherwise is shown whole", arguments: Difference.allCases)
    func other(difference: Difference) throws {
        var repeats = WalkRepeats()
        #expect(repeats.take(try exchange()) == nil)
        var second = try exchange(after: 1_000_000_000, sequence: 2)
        switch difference {
        case .destination: second.request.destination = "198.51.100.2"
        case .place: second.request.stoppedAt?.namespace = "wan"
        case .cause: second.request.findings = []
        case .outcome: second.request.outcome = .lost
        case .fewerHops: second.request.hops.removeLast()
        }
        #expect(repeats.take(second) == nil)
    }
}
