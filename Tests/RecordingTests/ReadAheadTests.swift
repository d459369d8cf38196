import Network
import Observations
import Testing
import Wire

@testable import Recording

/// Reading by a thread of its own gives what reading gives.
@Suite struct ReadAheadTests {
    private struct Stop: Error {}

    /// Of many batches: packets, and a watermark here and there.
    private func record(_ path: String, packets: Int) throws {
        let batch = sampleBatch()
        let sample = batch.events.compactMap { event in
            if case .packet(let observation) = event { observation } else { nil }
        }
        let first = try #require(sample.first)
        let start = Int(first.bytesOffset)
        let bytes = Array(batch.bytes[start..<start + Int(first.bytesCount)])
        let writer = try RecordingWriter(path: path)
        for event in batch.events { if case .packet = event { continue } else { try writer.write(event) } }
        for number in 0..<packets {
            var observation = first
            observation.timeNanoseconds += Int64(number)
            try bytes.withUnsafeBytes { try writer.write(observation, bytes: $0.bytes) }
            if number % 700 == 3 { try writer.write(.watermark(timeNanoseconds: observation.timeNanoseconds)) }
        }
        try writer.close()
    }

    private func read(_ path: String, ahead: Bool) throws -> [String] {
        let reader = try RecordingReader(path: path)
        var heard: [String] = []
        if ahead {
            try reader.readAhead(
                events: { heard.append("\($0) \(Heard($1))") }, packets: { heard.append("\($0) \(copy $1)") })
        } else {
            try reader.read(
                events: { heard.append("\($0) \(Heard($1))") },
                packets: { run, seen, _ in heard.append("\(run) \(copy seen)") })
        }
        heard.append("\(reader.damage)")
        return heard
    }

    @Test("the same events in the same order", arguments: [0, 1, 1023, 1024, 1025, 4096, 9000])
    func sameOrder(packets: Int) throws {
        let scratch = Scratch()
        try record(scratch.file("a.pcapng"), packets: packets)
        let plain = try read(scratch.file("a.pcapng"), ahead: false)
        #expect(plain.count > packets)
        #expect(try read(scratch.file("a.pcapng"), ahead: true) == plain)
    }

    @Test("the same damage of a file that ends in the middle") func cut() throws {
        let scratch = Scratch()
        try record(scratch.file("a.pcapng"), packets: 3000)
        let whole = contents(scratch.file("a.pcapng"))
        store(Array(whole[..<(whole.count * 2 / 3 + 1)]), scratch.file("b.pcapng"))
        let plain = try read(scratch.file("b.pcapng"), ahead: false)
        #expect(plain.last != "[]")
        #expect(try read(scratch.file("b.pcapng"), ahead: true) == plain)
    }

    @Test("what the closures throw ends it", arguments: [1, 1500, 8999]) func thrown(at limit: Int) throws {
        let scratch = Scratch()
        try record(scratch.file("a.pcapng"), packets: 9000)
        var count = 0
        #expect(throws: Stop.self) {
            try RecordingReader(path: scratch.file("a.pcapng")).readAhead(
                events: { _, _ in },
                packets: { _, _ in
                    count += 1
                    if count == limit { throw Stop() }
                })
        }
        #expect(count == limit)
    }
}
