import Observations
import Recording
import Runs
import Testing
import Views
import WalkModel

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
