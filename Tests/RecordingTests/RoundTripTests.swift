import Glibc
import Observations
import Testing
import Network
import Wire

@testable import Recording

/// A folder of the test's own; gone with the test.
final class Scratch {
    let path: String
    init() {
        var template = Array("/tmp/packetwalk-recording-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer {
            $0.baseAddress.map {
                mkdtemp($0); return String(cString: $0)
            } ?? ""
        }
    }
    deinit {
        for name in names { unlink(path + "/" + name) }
        rmdir(path)
    }
    var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var result: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { result.append(name) }
        }
        return result.sorted()
    }
    func file(_ name: String) -> String { path + "/" + name }
}

func contents(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { result += buffer[..<count] }
    return result
}

func store(_ bytes: [UInt8], _ path: String) {
    guard let file = fopen(path, "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}

/// An event and its packet's bytes, as text: every field, comparable.
struct Heard: Equatable, CustomStringConvertible {
    var description: String
    init(_ event: Event, _ bytes: [UInt8] = []) {
        if case .packet(var observation) = event {
            observation.bytesOffset = 0
            description = "\(observation) \(bytes)"
        } else if case .counters(let change) = event {
            description = "\(change.timeNanoseconds) \(change.namespace) \(change.counters.sorted { $0.key < $1.key })"
        } else {
            description = "\(event)"
        }
    }
}

func heard(_ batch: EventBatch) -> [Heard] {
    batch.events.map { event in
        guard case .packet(let observation) = event else { return Heard(event) }
        return Heard(event, Array(batch.packetBytes(observation)))
    }
}

func heard(_ reader: RecordingReader) throws -> [Heard] {
    var result: [Heard] = []
    var events: [Heard] = []
    try reader.read(
        events: {
            events.append(Heard($1)); result.append(Heard($1))
        },
        packets: { _, observation, bytes in
            result.append(Heard(.packet(copy observation), bytes.withUnsafeBytes { Array($0) }))
        })
    return result
}

/// A UDP packet of 172.19.0.2:4000 to 198.51.100.1:53 in an Ethernet frame, with `payload`.
func frame(identification: UInt16, payload: [UInt8]) -> [UInt8] {
    let length = UInt16(28 + payload.count)
    func two(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }
    return [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]
        + [0x45, 0] + two(length) + two(identification) + [0, 0, 64, 17, 0, 0, 172, 19, 0, 2, 198, 51, 100, 1]
        + two(4000) + two(53) + two(length - 20) + [0, 0] + payload
}

/// One of every kind of event, and packets that say more than their bytes do.
func sampleBatch() -> EventBatch {
    var batch = EventBatch()
    let start: Int64 = 1_700_000_000_123_456_789
    let link = Link(name: "veth0", index: 7, kind: "veth", addresses: [IPPrefix("172.19.0.1/24")].compactMap(\.self))
    let namespace = Namespace(
        name: "host", inode: 4_026_531_840, path: "/proc/self/ns/net", links: [link],
        sysctls: ["net.ipv4.ip_forward": "1"])
    batch.append(
        .topology(Topology(host: "box", time: "2023-11-14T22:13:20Z", namespaces: [namespace]), timeNanoseconds: start))
    let points = [
        VantagePoint(namespace: "host", kind: .link, device: "veth0", direction: .in),
        VantagePoint(namespace: "host", kind: .link, device: "veth0", direction: .out),
        VantagePoint(
            namespace: "host", kind: .netfilter, hook: .postrouting, stage: .srcnat, edge: .after, linkType: .raw),
    ]
    for (number, point) in points.enumerated() { batch.append(.vantage(VantageID(rawValue: UInt32(number)), point)) }
    let bytes = frame(identification: 77, payload: Array("a question".utf8))
    func observation(
        _ vantage: UInt32, _ time: Int64, _ bytes: [UInt8], _ linkType: LinkType, _ clock: Observation.Clock
    )
        -> Observation
    {
        var result = Observation(
            timeNanoseconds: time, vantage: VantageID(rawValue: vantage), clock: clock,
            headers: bytes.withUnsafeBytes { dissect($0.bytes, linkType: linkType, originalLength: bytes.count) })
        result.originalLength = UInt32(bytes.count)
        return result
    }
    let seen = observation(0, start + 1, bytes, .ethernet, .passage)
    bytes.withUnsafeBytes { batch.append(seen, bytes: $0.bytes) }
    let raw = Array(bytes.dropFirst(14))
    var logged = observation(2, start + 2, raw, .raw, .arrival)
    logged.inDevice = 7
    logged.outDevice = 300
    logged.physicalInDevice = 8
    logged.physicalOutDevice = 9
    logged.mark = 0xdead_beef
    logged.sourceSequence = 123_456
    raw.withUnsafeBytes { batch.append(logged, bytes: $0.bytes) }
    var odd = observation(1, start + 3, bytes, .ethernet, .reading)
    odd.matchesFilter = false
    odd.originalLength = 4000
    odd.headers.source = IPAddress("2001:db8::7") ?? odd.headers.source
    odd.headers.flags.insert(.labelCutShort)
    bytes.withUnsafeBytes { batch.append(odd, bytes: $0.bytes) }
    // Of a vantage point that nobody declared, without bytes.
    batch.append(.packet(observation(9, -5, [], .ethernet, .passage)))
    let record = PacketHeadersRecord(seen.headers)
    let tuple = record.tuple
    batch.append(
        .flow(
            FlowEvent(
                timeNanoseconds: start + 4, namespace: "host", change: .new, original: tuple, reply: tuple.reversed,
                mark: 3, zone: 2, status: 0x188)))
    batch.append(
        .route(
            RouteDecision(
                timeNanoseconds: start + 5, namespace: "host", tuple: tuple, inDevice: "veth0", kind: "unicast",
                table: 254, outDevice: "eth0", gateway: IPAddress("203.0.113.1"), errorNumber: nil,
                matchedRoute: "default via 203.0.113.1 dev eth0")))
    batch.append(
        .rule(
            RuleEvent(
                timeNanoseconds: start + 6, namespace: "host",
                reference: RuleReference(
                    family: "ip", table: "filter", chain: "FORWARD", position: 2, handle: 9, verdict: "drop",
                    text: "-A FORWARD -s 172.19.0.0/24 -j DROP"),
                verdict: "drop", headers: record, inDevice: "veth0", mark: 1)))
    batch.append(
        .drop(
            DropEvent(
                timeNanoseconds: start + 7, namespace: nil, device: "veth0", reason: "NETFILTER_DROP",
                location: "nft_do_chain", headers: record)))
    batch.append(
        .sendFailure(
            SendFailure(
                timeNanoseconds: start + 8, namespace: "host", tuple: tuple, errorNumber: 101,
                message: "Network is unreachable")))
    batch.append(
        .loss(Loss(timeNanoseconds: start + 9, vantage: VantageID(rawValue: 1), source: "pcap host:veth0", lost: 12)))
    batch.append(
        .counters(
            CounterChange(timeNanoseconds: start + 10, namespace: "host", counters: ["Ip.InAddrErrors": .max, "a": 1])))
    batch.append(.watermark(timeNanoseconds: start + 11))
    return batch
}

@Suite struct RoundTripTests {
    @Test("what was written is read, field by field, in its order") func everyField() throws {
        let scratch = Scratch()
        let batch = sampleBatch()
        let writer = try RecordingWriter(path: scratch.file("a.pcapng"))
        try writer.write(batch)
        try writer.close()
        let reader = try RecordingReader(path: scratch.file("a.pcapng"))
        #expect(reader.isRecording)
        #expect(try heard(reader) == heard(batch))
        #expect(reader.damage.isEmpty)
    }

    @Test("a short snap length changes the bytes alone") func snapLength() throws {
        let scratch = Scratch()
        let batch = sampleBatch()
        let writer = try RecordingWriter(path: scratch.file("a.pcapng"), options: RecordingOptions(snapLength: 20))
        try writer.write(batch)
        try writer.close()
        var headers: [PacketHeaders] = []
        var longest = 0
        try RecordingReader(path: scratch.file("a.pcapng")).read(
            events: { _, _ in },
            packets: { _, observation, bytes in
                headers.append(observation.headers)
                longest = max(longest, bytes.byteCount)
            })
        let expected = batch.events.compactMap { if case .packet(let seen) = $0 { seen.headers } else { nil } }
        #expect(headers == expected)
        #expect(longest == 20)
    }

    @Test("a recording cut anywhere gives what stands before the cut") func cutAnywhere() throws {
        let scratch = Scratch()
        let batch = sampleBatch()
        let writer = try RecordingWriter(path: scratch.file("a.pcapng"))
        try writer.write(batch)
        let whole = contents(scratch.file("a.pcapng"))
        let expected = heard(batch)
        for length in stride(from: 8, to: whole.count, by: 5) {
            store(Array(whole[..<length]), scratch.file("cut.pcapng"))
            guard let reader = try? RecordingReader(path: scratch.file("cut.pcapng")) else {
                Issue.record("cut at \(length): not opened")
                continue
            }
            let events = try heard(reader)
            #expect(events == Array(expected.prefix(events.count)), "cut at \(length)")
            #expect(reader.damage.allSatisfy { $0.offset != nil }, "cut at \(length)")
        }
    }

    @Test("the files of a ring, read together, are one recording, and each stands alone") func ring() throws {
        let scratch = Scratch()
        let ring = try #require(RecordingRing("100x3kB"))
        let writer = try RecordingWriter(path: scratch.file("a.pcapng"), options: RecordingOptions(ring: ring))
        var expected: [Heard] = []
        for _ in 0..<5 {
            let batch = sampleBatch()
            try writer.write(batch)
            expected += heard(batch)
        }
        try writer.close()
        let names = scratch.names
        #expect(names.count > 2)
        #expect(names.first == "a_00001.pcapng")
        let points = names.reversed().map { CapturePoint(path: scratch.file($0)) }
        #expect(try heard(RecordingReader(points: Array(points))) == expected)
        let last = try heard(RecordingReader(path: scratch.file(names[names.count - 1])))
        #expect(last.first?.description.contains("topology") == true)
    }

    @Test("a ring keeps no more files than it was told") func ringDeletes() throws {
        let scratch = Scratch()
        let ring = try #require(RecordingRing("2x3kB"))
        let writer = try RecordingWriter(path: scratch.file("a.pcapng"), options: RecordingOptions(ring: ring))
        for _ in 0..<8 { try writer.write(sampleBatch()) }
        try writer.close()
        #expect(scratch.names.count == 2)
        #expect(scratch.names.first != "a_00001.pcapng")
    }

    @Test func ringText() {
        #expect(RecordingRing("10x100MB") == RecordingRing(fileCount: 10, limit: .bytes(100_000_000)))
        #expect(RecordingRing("24x1h") == RecordingRing(fileCount: 24, limit: .nanoseconds(3_600_000_000_000)))
        #expect(RecordingRing("24x1h")?.description == "24x1h")
        for text in ["", "x", "10", "0x1MB", "1xMB", "1x-1MB", "1x1", "1x9999999999999GB"] {
            #expect(RecordingRing(text) == nil, "\(text)")
        }
    }
}
