import Network
import Observations
import Testing
import Wire

@testable import Recording

/// Runs that are read together: equal names, numbers and labels, but each of a host of its own.
@Suite struct SeveralRunsTests {
    private static let hosts = [
        HostID(name: "box", id: "00000000000000aa"), HostID(name: "box", id: "00000000000000bb"),
    ]

    /// The sample, `shift` nanoseconds later, with the watermark of its end.
    private func batch(shift: Int64) -> EventBatch {
        var result = EventBatch()
        let sample = sampleBatch()
        for event in sample.events {
            guard case .packet(var observation) = event else {
                result.append(event)
                continue
            }
            let bytes = Array(sample.packetBytes(observation))
            observation.timeNanoseconds += shift
            bytes.withUnsafeBytes { result.append(observation, bytes: $0.bytes) }
        }
        result.append(.watermark(timeNanoseconds: 1_700_000_001_000_000_000 + shift))
        return result
    }

    private func write(_ batches: [EventBatch], _ path: String, options: RecordingOptions) throws {
        let writer = try RecordingWriter(path: path, options: options)
        for batch in batches { try writer.write(batch) }
        try writer.close()
    }

    /// What was read of each host, by its id, and the ids in the order of their runs.
    private func heardByHost(_ reader: RecordingReader) throws -> [String: [Heard]] {
        var result: [RunID: [Heard]] = [:]
        try reader.read(
            events: { result[$0, default: []].append(Heard($1)) },
            packets: { run, observation, bytes in
                result[run, default: []]
                    .append(Heard(.packet(copy observation), bytes.withUnsafeBytes { Array($0) }))
            })
        return Dictionary(uniqueKeysWithValues: result.map { (reader.host(of: $0)?.id ?? "", $1) })
    }

    @Test("each gives what it gives alone, whichever is named first", arguments: [0, 1, 1_000_000, 5_000_000_000])
    func together(shift: Int64) throws {
        let scratch = Scratch()
        let batches = [[batch(shift: 0), batch(shift: 9_000_000_000)], [batch(shift: shift)]]
        let paths = ["a.pcapng", "b.pcapng"].map(scratch.file)
        for (index, path) in paths.enumerated() {
            try write(batches[index], path, options: RecordingOptions(host: Self.hosts[index]))
        }
        for order in [paths, paths.reversed()] {
            let reader = try RecordingReader(points: order.map { CapturePoint(path: $0) })
            #expect(Set(reader.hosts) == Set(Self.hosts))
            let found = try heardByHost(reader)
            #expect(found.count == 2)
            for (index, host) in Self.hosts.enumerated() {
                #expect(found[host.id] == batches[index].flatMap { heard($0) })
            }
        }
    }

    @Test("the files of a ring are one run beside another, and give each event once") func ring() throws {
        let scratch = Scratch()
        let batches = (0..<5).map { batch(shift: Int64($0) * 1_000_000_000) }
        let ring = try #require(RecordingRing("100x3kB"))
        try write(batches, scratch.file("a.pcapng"), options: RecordingOptions(ring: ring, host: Self.hosts[0]))
        let files = scratch.names
        #expect(files.count > 2)
        try write([batch(shift: 7)], scratch.file("b.pcapng"), options: RecordingOptions(host: Self.hosts[1]))
        let points = (files.reversed() + ["b.pcapng"]).map { CapturePoint(path: scratch.file($0)) }
        let found = try heardByHost(RecordingReader(points: points))
        #expect(found[Self.hosts[0].id] == batches.flatMap { heard($0) })
        #expect(found[Self.hosts[1].id] == heard(batch(shift: 7)))
    }

    @Test("two recordings in one file are two runs") func concatenated() throws {
        let scratch = Scratch()
        for (index, name) in ["a.pcapng", "b.pcapng"].enumerated() {
            let options = RecordingOptions(host: Self.hosts[index])
            try write([batch(shift: Int64(index))], scratch.file(name), options: options)
        }
        store(contents(scratch.file("a.pcapng")) + contents(scratch.file("b.pcapng")), scratch.file("both.pcapng"))
        let found = try heardByHost(RecordingReader(path: scratch.file("both.pcapng")))
        for (index, host) in Self.hosts.enumerated() {
            #expect(found[host.id] == heard(batch(shift: Int64(index))))
        }
    }

    @Test("runs of one host are two runs with one host") func oneHostTwice() throws {
        let scratch = Scratch()
        let paths = ["a.pcapng", "b.pcapng"].map(scratch.file)
        for path in paths { try write([batch(shift: 0)], path, options: RecordingOptions(host: Self.hosts[0])) }
        let reader = try RecordingReader(points: paths.map { CapturePoint(path: $0) })
        #expect(reader.hosts == [Self.hosts[0], Self.hosts[0]])
        var counts: [RunID: Int] = [:]
        try reader.read(events: { run, _ in counts[run, default: 0] += 1 }, packets: { _, _, _ in })
        #expect(counts.count == 2)
    }

    @Test("a recording that names no host has its own, called as its network says") func withoutHost() throws {
        let scratch = Scratch()
        let paths = ["a.pcapng", "b.pcapng", "anonymous.pcapng"].map(scratch.file)
        for path in paths.prefix(2) { try write([batch(shift: 0)], path, options: RecordingOptions()) }
        try write(
            [batch(shift: 0)], paths[2], options: RecordingOptions(anonymizes: true, host: Self.hosts[0]))
        let reader = try RecordingReader(points: paths.map { CapturePoint(path: $0) })
        #expect(reader.hosts.map(\.name) == ["box", "box", "box"])
        #expect(Set(reader.hosts).count == 3)
        #expect(!reader.hosts.contains(Self.hosts[0]))
        #expect(!String(decoding: contents(paths[2]), as: UTF8.self).contains(Self.hosts[0].id))
        // The same identity in every reading.
        #expect(try RecordingReader(path: paths[0]).hosts == [reader.hosts[0]])
    }

    @Test("captures of others belong to the one recording that is read with them") func foreign() throws {
        let scratch = Scratch()
        let packet = frame(identification: 1, payload: [1, 2])
        let capture: [UInt8] =
            [0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 1]
            + [0, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0, UInt8(packet.count), 0, 0, 0, UInt8(packet.count)] + packet
        store(capture, scratch.file("c.pcap"))
        for (index, name) in ["a.pcapng", "b.pcapng"].enumerated() {
            try write([batch(shift: 0)], scratch.file(name), options: RecordingOptions(host: Self.hosts[index]))
        }
        func runs(_ names: [String]) throws -> (all: Int, ofCapture: HostID?, watermarks: Int) {
            let reader = try RecordingReader(points: names.map { CapturePoint(path: scratch.file($0)) })
            #expect(!reader.isRecording)
            var points: [RunID: [VantageID: VantagePoint]] = [:]
            var host: HostID?
            var watermarks = 0
            try reader.read(
                events: { run, event in
                    if case .vantage(let id, let point) = event { points[run, default: [:]][id] = point }
                    if case .watermark = event { watermarks += 1 }
                },
                packets: { run, observation, _ in
                    if points[run]?[observation.vantage]?.device == "c" { host = reader.host(of: run) }
                })
            return (points.count, host, watermarks)
        }
        let withOne = try runs(["c.pcap", "a.pcapng"])
        #expect(withOne.all == 1 && withOne.ofCapture == Self.hosts[0])
        let withTwo = try runs(["a.pcapng", "c.pcap", "b.pcapng"])
        #expect(withTwo.all == 3 && withTwo.ofCapture == nil)
        // Of each recording those that it holds, of the capture those that its packets give.
        let own = heard(batch(shift: 0)).filter { $0.description.contains("watermark") }.count
        #expect(withTwo.watermarks == 2 * own + 2)
    }

    @Test("no more runs are believed than can be told apart") func limit() throws {
        let scratch = Scratch()
        let path = scratch.file("a.pcapng")
        try write([], path, options: RecordingOptions())
        let one = contents(path)
        let key = Array(#""run":""#.utf8)
        let start = try #require(one.indices.first { one[$0...].starts(with: key) }) + key.count
        var many: [UInt8] = []
        for number in 0..<RunRegistry.limit + 3 {
            var copy = one
            let digits = String(number, radix: 16)
            let run = String(repeating: "0", count: 16 - digits.count) + digits
            copy.replaceSubrange(start..<start + 16, with: Array(run.utf8))
            many += copy
        }
        let reader = try RecordingReader(bytes: many, name: "many")
        try reader.read(events: { _, _ in }, packets: { _, _, _ in })
        #expect(reader.hosts.count == RunRegistry.limit)
        #expect(reader.damage.count == 3)
    }
}
