import Observations
import Testing
import Wire

@testable import Probes

/// What a run sheds whose events are taken too slowly to be shown in time.
@Suite struct BacklogTests {
    private static let second: Int64 = 1_000_000_000

    @Test("work that would take too long makes the sample coarser, once it has waited for a while")
    func coarser() throws {
        var limit = LoadLimit(asked: .all, rate: nil, backlogLimit: 1)
        var work = LoadLimit.Workload(waitingEvents: 5000, eventsPerSecond: 10_000)
        var time = Self.second
        func look() -> LoadLimit.Change? {
            time += 50_000_000
            return limit.look(count: 0, packetTime: time, fullness: 0, work: work, now: time)
        }
        #expect((0..<40).allSatisfy { _ in look() == nil })
        work.waitingEvents = 30_000
        let changes = (0..<8).compactMap { _ in look() }
        // Three seconds are to be one half: a sixth, so an eighth.
        #expect(changes.map(\.share) == [SampleShare(oneOf: 8)] && changes.first?.reason == .backlog)
        // A pause of the reader, or of the consumer, is no backlog.
        limit = LoadLimit(asked: .all, rate: nil, backlogLimit: 1)
        for round in 0..<40 {
            work.unreadSeconds = round % 5 == 0 ? 8 : 0
            work.waitingEvents = 0
            #expect(look() == nil)
        }
        // Without a limit nothing is one.
        limit = LoadLimit(asked: .all, rate: nil)
        work.unreadSeconds = 60
        #expect((0..<40).allSatisfy { _ in look() == nil })
    }

    @Test("it is made finer again only where there is time for four times as much")
    func finer() {
        for (speed, isFiner) in [(10_000.0, true), (3000.0, false)] {
            var limit = LoadLimit(asked: .all, rate: nil, backlogLimit: 1)
            var work = LoadLimit.Workload(waitingEvents: 30_000, eventsPerSecond: speed)
            var (time, count) = (Self.second, UInt64(0))
            var last: SampleShare?
            for round in 0..<200 {
                time += 50_000_000
                count += 50
                if round == 10 { work.waitingEvents = 0 }
                last = limit.look(count: count, packetTime: time, fullness: 0, work: work, now: time)?.share ?? last
            }
            // A thousand sightings a second, after ten seconds.
            #expect(last != nil && (last?.oneOf ?? 0 < 16) == isFiner, "\(speed): \(last?.oneOf ?? 0)")
        }
    }

    @Test("how fast events are taken is measured while they are; waiting and pauses do not count")
    func speed() throws {
        var speed = WorkSpeed()
        var time: Int64 = 0
        func take(_ count: Int, in milliseconds: Int64, idle: Int64 = 0) {
            speed.begins(count, atMilliseconds: time)
            time += milliseconds
            speed.hasDone(atMilliseconds: time)
            time += idle
        }
        take(100, in: 10, idle: 5000)
        #expect(speed.eventsPerSecond == nil)
        for _ in 0..<9 { take(100, in: 10, idle: 500) }
        #expect(speed.eventsPerSecond == 10_000)
        // The network was read again.
        take(20, in: 8000)
        #expect(speed.eventsPerSecond == 10_000)
        for _ in 0..<200 { take(100, in: 20) }
        let slow = try #require(speed.eventsPerSecond)
        #expect(slow > 4900 && slow < 5100)
    }

    // MARK: What waits

    private static func observation(_ number: Int, at time: Int64) -> Observation {
        var observation = Observation(
            timeNanoseconds: time, vantage: VantageID(rawValue: 0), clock: .passage, headers: PacketHeaders())
        observation.sourceSequence = UInt32(number)
        return observation
    }

    private static func numbers(_ batch: EventBatch?) -> [UInt32] {
        (batch?.events ?? []).compactMap { event in
            if case .packet(let observation) = event { observation.sourceSequence } else { nil }
        }
    }

    @Test("packets that wait for the consumer are thinned, with what tells of it before them")
    func queue() throws {
        let queue = try EventQueue(budget: 1 << 20)
        #expect(!queue.thin(telling: { _, _ in [] }, keeping: { _, _ in true }))
        for start in [0, 10] {
            var batch = EventBatch()
            for number in start..<start + 10 {
                let byte = [UInt8(number)]
                byte.withUnsafeBytes {
                    batch.append(Self.observation(number, at: 100 + Int64(number)), bytes: $0.bytes)
                }
            }
            batch.append(.watermark(timeNanoseconds: 100 + Int64(start) + 9))
            queue.push(batch)
        }
        #expect(queue.work.waitingEvents == 22)
        var told: (Int64, Int)?
        let isThinned = queue.thin(
            telling: { time, lost in
                told = (time, lost)
                return [
                    .sampling(SamplingChange(timeNanoseconds: time, share: SampleShare(oneOf: 2), reason: .backlog))
                ]
            },
            keeping: { observation, bytes in
                #expect(bytes.byteCount == 1 && bytes.unsafeLoad(as: UInt8.self) == UInt8(observation.sourceSequence))
                return observation.sourceSequence % 3 == 0
            })
        #expect(isThinned && told?.0 == 100 && told?.1 == 13)
        #expect(queue.work.waitingEvents == 10)
        let first = queue.next(timeoutMilliseconds: 0)
        guard case .sampling = first?.events.first else {
            Issue.record("no change of the sample first")
            return
        }
        #expect(Self.numbers(first) == [0, 3, 6, 9])
        #expect(Self.numbers(queue.next(timeoutMilliseconds: 0)) == [12, 15, 18])
        #expect(queue.work.waitingEvents == 0)
    }

    @Test("what passed too long ago is skipped, also what was read already, and what is still to be read")
    func skipped() {
        let intake = Intake(holdNanoseconds: 0)
        let byte: [UInt8] = [1]
        func take(_ number: Int) {
            byte.withUnsafeBytes { intake.packet(Self.observation(number, at: Int64(number)), bytes: $0) }
        }
        for number in 10..<20 { take(number) }
        intake.skip(before: 15)
        take(12)
        take(21)
        #expect(intake.isTooOld(14) && !intake.isTooOld(15))
        #expect(Self.numbers(intake.release(readUpTo: 100)) == [15, 16, 17, 18, 19, 21])
    }
}
