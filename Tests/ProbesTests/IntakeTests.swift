import Observations
import TestSupport
import Testing
import Wire

@testable import Probes

@Suite struct IntakeTests {
    private func tuple(_ port: UInt16) -> FlowTuple {
        FlowTuple(
            source: IPAddress(ipv4: 0x0a00_0001), destination: IPAddress(ipv4: 0x0a00_0002), sourcePort: port,
            destinationPort: 80, ipProtocol: .tcp)
    }

    private func put(_ intake: Intake, _ vantage: VantageID, time: Int64, number: UInt32, rank: UInt8 = 0) {
        var observation = Observation(
            timeNanoseconds: time, vantage: vantage, clock: .passage, headers: PacketHeaders())
        observation.sourceSequence = number
        withUnsafeBytes(of: number) { intake.packet(observation, bytes: $0, rank: rank) }
    }

    private func numbers(_ batch: EventBatch) -> [UInt32] {
        batch.events.compactMap { if case .packet(let packet) = $0 { packet.sourceSequence } else { nil } }
    }

    /// Sources that lag by up to the hold, read in rounds: all comes out, in order, with its own bytes, and nothing
    /// older than a watermark follows it.
    @Test("any lag below the hold is put in order", arguments: 1...40 as ClosedRange<UInt64>)
    func ordered(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let intake = Intake(holdNanoseconds: 1000)
        let vantage = intake.vantage(VantagePoint(namespace: "host", kind: .link, device: "eth0"))
        var arrivals: [(readAt: Int64, time: Int64, number: UInt32)] = []
        for number in 0..<UInt32(500) {
            let time = Int64.random(in: 0..<20_000, using: &random)
            arrivals.append((time + Int64.random(in: 0..<1000, using: &random), time, number))
        }
        arrivals.sort { $0.readAt < $1.readAt }
        var batches: [EventBatch] = []
        var now: Int64 = 0
        for arrival in arrivals {
            while now + 150 < arrival.readAt {
                now += 150
                batches.append(intake.release(readUpTo: now))
            }
            put(intake, vantage, time: arrival.time, number: arrival.number)
        }
        batches.append(intake.release(readUpTo: 30_000, hold: 0))

        var promised = Int64.min
        var last = Int64.min
        var seen: [UInt32] = []
        for batch in batches {
            guard case .watermark(let watermark)? = batch.events.last else {
                Issue.record("seed \(seed): a batch without a watermark at its end")
                return
            }
            for case .packet(let packet) in batch.events {
                #expect(packet.timeNanoseconds > promised && packet.timeNanoseconds >= last, "seed \(seed)")
                #expect(packet.clock == .passage, "seed \(seed)")
                last = packet.timeNanoseconds
                seen.append(packet.sourceSequence)
                let own = withUnsafeBytes(of: packet.sourceSequence) { Array($0) }
                #expect(Array(batch.packetBytes(packet)) == own, "seed \(seed)")
            }
            promised = watermark
        }
        #expect(seen.sorted() == Array(0..<500), "seed \(seed)")
        #expect(intake.lateCount == 0)
    }

    @Test func `among equal times the rank decides, then the order of reading`() {
        let intake = Intake(holdNanoseconds: 0)
        let vantage = intake.vantage(VantagePoint(namespace: "host", kind: .link, device: "mybridge"))
        put(intake, vantage, time: 5, number: 1, rank: 65)
        put(intake, vantage, time: 5, number: 2, rank: 64)
        put(intake, vantage, time: 5, number: 3, rank: 64)
        #expect(numbers(intake.release(readUpTo: 10)) == [2, 3, 1])
    }

    @Test func `a packet that comes too late keeps the promise and says so`() {
        let intake = Intake(holdNanoseconds: 100)
        let vantage = intake.vantage(VantagePoint(namespace: "host", kind: .link, device: "eth0"))
        _ = intake.release(readUpTo: 1000)
        put(intake, vantage, time: 500, number: 1)
        let batch = intake.release(readUpTo: 2000)
        guard case .packet(let packet) = batch.events[0] else {
            Issue.record("no packet")
            return
        }
        #expect(packet.timeNanoseconds == 900)
        #expect(packet.clock == .reading)
        #expect(intake.lateCount == 1)
    }

    @Test func `a vantage point is declared once, before its first packet`() {
        let intake = Intake(holdNanoseconds: 0)
        let point = VantagePoint(namespace: "host", kind: .link, device: "eth0", direction: .in)
        let vantage = intake.vantage(point)
        put(intake, intake.vantage(point), time: 1, number: 1)
        let batch = intake.release(readUpTo: 10)
        guard case .vantage(vantage, point) = batch.events[0], case .packet = batch.events[1] else {
            Issue.record("\(batch.events)")
            return
        }
        #expect(batch.events.count == 3)
    }

    @Test func `a flow event that was read later goes out with the packets of its flow`() {
        let intake = Intake(holdNanoseconds: 100)
        let vantage = intake.vantage(VantagePoint(namespace: "host", kind: .link, device: "eth0"))
        _ = intake.release(readUpTo: 0)
        put(intake, vantage, time: 1000, number: 1)
        intake.flow(
            FlowEvent(
                timeNanoseconds: 1050, namespace: "host", change: .new, original: tuple(1),
                reply: tuple(1).reversed))
        let kinds = intake.release(readUpTo: 1100).events.compactMap { event -> String? in
            switch event {
            case .flow: "flow"
            case .packet: "packet"
            default: nil
            }
        }
        #expect(kinds == ["flow", "packet"])
    }

    @Test func `a flow that follows on the end of one with its tuple stays behind that end`() {
        let intake = Intake(holdNanoseconds: 100)
        for (time, change) in [(1000, FlowEvent.Change.destroy), (1010, .new)] as [(Int64, FlowEvent.Change)] {
            intake.flow(
                FlowEvent(
                    timeNanoseconds: time, namespace: "host", change: change, original: tuple(7),
                    reply: tuple(7).reversed))
        }
        let changes = intake.release(readUpTo: 5000).events.compactMap { event -> FlowEvent.Change? in
            if case .flow(let flow) = event { flow.change } else { nil }
        }
        #expect(changes == [.destroy, .new])
    }
}
