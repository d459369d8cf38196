import Connections
import Glibc
import Observations
import Recording
import Runs
import Testing
import Views
import WalkModel
import Wire

/// Events in, explained exchanges out, without the program.
@Suite("The pipeline of a run")
struct PipelineTests {
    @Test(
        "gives the walks and findings that were written down",
        arguments: [
            "namespace-to-wan.explain", "rule-drop-nftables.explain", "no-source-nat.trace", "no-route-ipv6.explain",
            "segmentation.trace",
        ])
    func golden(name: String) throws {
        var run = try RecordedRun([CapturePoint(path: Golden.path(name))])
        var text = ""
        try run.replay { groups in
            for group in groups {
                let renderer = WalkRenderer(format: .json, options: RenderOptions(), topology: group.topology)
                for exchange in group.exchanges { text += try renderer.render(exchange.request, reply: exchange.reply) }
            }
        }
        // Each line; in which order they come `ExchangeOrderTests` says.
        func lines(_ text: String) -> [Substring] { text.split(separator: "\n").sorted() }
        #expect(try lines(text) == lines(Golden.json(name)))
        #expect(run.hasTopology && run.damage.isEmpty)
    }

    @Test("gives the same whether walks that end together are made at once or a part at a time")
    func stepwise() throws {
        let batches = try Golden.batches("segmentation.trace")
        var whole = WalkPipeline()
        var parts = WalkPipeline()
        var steps = 0
        for event in batches.flatMap(\.events) {
            whole.take(event)
            parts.begin(event)
            while parts.isBehind {
                parts.advance()
                steps += 1
            }
        }
        whole.endOfStream()
        parts.endOfStream()
        let exchanges = whole.finish().flatMap(\.exchanges)
        let inParts = parts.finish().flatMap(\.exchanges)
        #expect(inParts == exchanges)
        #expect(!exchanges.isEmpty && steps > 0)
    }

    /// A segment that acknowledges and no more has no reply of its own, and waits for one all the same.
    @Test("a connection is one, by whatever leaps the stream comes", arguments: [0, 1, 4, 20, 3600])
    func leaps(seconds: Int64) throws {
        let events = try Golden.batches("namespace-to-wan-tcp.trace").flatMap(\.events)
        var packets = 0
        var latest = Int64.min
        var pipeline = WalkPipeline()
        var tracker = ConnectionTracker()
        var ended: [Connection] = []
        func take(_ event: Event) {
            pipeline.begin(event)
            repeat {
                pipeline.advance()
                for group in pipeline.finishedExchanges() {
                    for exchange in group.exchanges where exchange.request.kind.ipProtocol == .tcp {
                        packets += exchange.walkCount
                        note(tracker.take(exchange, topology: group.topology))
                    }
                }
                note(tracker.advance(toNanoseconds: pipeline.exchangeTime))
            } while pipeline.isBehind
        }
        func note(_ events: [ConnectionTracker.Event]) {
            for case .ended(let connection, _) in events { ended.append(connection) }
        }
        // The first watermark comes as it did; then none for a while.
        for event in events {
            if case .watermark(let time) = event {
                if latest == .min { take(event) }
                latest = max(latest, time)
            } else {
                take(event)
            }
        }
        for tenth in Int64(0)...60 {
            take(.watermark(timeNanoseconds: latest + seconds * 1_000_000_000 + tenth * 100_000_000))
        }
        // Nothing was left for the end of the stream.
        #expect(ended.count == 1, "\(ended.map { "\($0.sent.packets) \($0.received.packets) \($0.ending)" })")
        #expect(ended.first?.ending == .closed)
        #expect(packets > 5 && ended.first?.walkCount == UInt64(packets))
        #expect(tracker.count == 0)
    }

    @Test("hands on what a busy second of a capture ends a part at a time")
    func parts() throws {
        let count = 4000
        let path = "/tmp/packetwalk-busy-\(getpid()).pcap"
        defer { unlink(path) }
        let file = try #require(fopen(path, "w"))
        let bytes = Self.busyCapture(packets: count)
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
        var run = try RecordedRun([CapturePoint(path: path)])
        var sizes: [Int] = []
        try run.replay { groups in sizes.append(groups.reduce(0) { $0 + $1.exchanges.count }) }
        #expect(sizes.reduce(0, +) == count && run.packetCount == count)
        // A step at a time goes on once as many wait as the order needs.
        #expect(sizes.dropLast().allSatisfy { $0 <= 256 } && sizes.count { $0 > 0 } > 3, "\(sizes)")
        #expect(sizes.last ?? 0 <= 2048)
    }

    /// Echo replies of one millisecond, each of its own identifier, as IPv4 without a link header.
    private static func busyCapture(packets: Int) -> [UInt8] {
        func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var file = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0] + little(0) + little(0) + little(65_535) + little(101)
        for number in 0..<packets {
            let high = UInt8(truncatingIfNeeded: number >> 8)
            let low = UInt8(truncatingIfNeeded: number)
            let header: [UInt8] = [0x45, 0, 0, 28, high, low, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1]
            file += little(1_700_000_000) + little(number % 1000) + little(28) + little(28)
            file += header + [0, 0, 0, 0, high, low, 0, 1]
        }
        return file
    }

    @Test("makes no walk once there is no time, and says so")
    func outOfTime() throws {
        var pipeline = WalkPipeline()
        pipeline.hasTime = { $0 == .causes }
        for event in try Golden.batches("rule-drop-nftables.explain").flatMap(\.events) { pipeline.take(event) }
        pipeline.endOfStream()
        // Not inside #expect: the macro copies what can't be copied.
        let exchanges = pipeline.finish().flatMap(\.exchanges)
        #expect(exchanges.isEmpty)
        let isCutShort = pipeline.isCutShort
        #expect(isCutShort)
    }

    @Test("makes walks without findings where there is no time for causes")
    func noTimeForCauses() throws {
        var pipeline = WalkPipeline()
        pipeline.hasTime = { $0 == .walks }
        for event in try Golden.batches("rule-drop-nftables.explain").flatMap(\.events) { pipeline.take(event) }
        pipeline.endOfStream()
        let exchanges = pipeline.finish().flatMap(\.exchanges)
        #expect(exchanges.contains { $0.request.outcome == .dropped })
        #expect(exchanges.allSatisfy { $0.request.findings.isEmpty })
        let isCutShort = pipeline.isCutShort
        #expect(!isCutShort)
    }
}
