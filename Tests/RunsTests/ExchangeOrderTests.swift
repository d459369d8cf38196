import Network
import Observations
import Recording
import Runs
import Testing
import WalkModel
import Wire

/// In which order a replay gives its walks.
@Suite("A replay") struct ExchangeOrderTests {
    private static let second: Int64 = 1_000_000_000

    /// A SYN each second, of which every other one is answered at once.
    private func pipelines(_ take: ([Exchange]) -> Void) {
        var pipelines = RunPipelines()
        let run = RunID(rawValue: 0)
        pipelines.take(
            .vantage(VantageID(rawValue: 0), VantagePoint(namespace: "host", kind: .link, device: "eth0")), of: run)
        for number in 0..<20 {
            let time = Int64(number) * Self.second
            pipelines.take(observation(number, isAnswer: false, time), of: run)
            if number % 2 == 1 { pipelines.take(observation(number, isAnswer: true, time + 1000), of: run) }
            pipelines.take(watermark: time, of: run) { take($0.flatMap(\.exchanges)) }
        }
        pipelines.finish { take($0.flatMap(\.exchanges)) }
    }

    private func observation(_ number: Int, isAnswer: Bool, _ time: Int64) -> Event {
        var headers = PacketHeaders()
        headers.network = .ipv4
        headers.ipProtocol = .tcp
        headers.flags = [.hasTransport]
        headers.ttl = 64
        headers.tcpFlags = isAnswer ? 0x12 : 2
        headers.tcpAcknowledgement = isAnswer ? 1 : 0
        let ends = [IPAddress(ipv4: 0xc000_0201), IPAddress(ipv4: 0xc633_6401)]
        let ports = [40_000 + UInt16(number), 80]
        headers.source = ends[isAnswer ? 1 : 0]
        headers.destination = ends[isAnswer ? 0 : 1]
        headers.sourcePort = ports[isAnswer ? 1 : 0]
        headers.destinationPort = ports[isAnswer ? 0 : 1]
        headers.label = UInt64(1000 + 2 * number + (isAnswer ? 1 : 0))
        return .packet(
            Observation(
                timeNanoseconds: time, vantage: VantageID(rawValue: 0), clock: .passage, headers: headers))
    }

    @Test("gives walks in the order in which they began, long before its end")
    func order() {
        var exchanges: [Exchange] = []
        var beforeEnd = 0
        pipelines { taken in
            beforeEnd = exchanges.count
            exchanges += taken
        }
        #expect(exchanges.map(\.request.startNanoseconds) == (0..<20).map { $0 * Self.second })
        #expect(exchanges.count { $0.reply != nil } == 10)
        #expect(beforeEnd >= 12)
    }

    @Test("of packets that left, answered or not, stopped nothing")
    func nothingStopped() {
        pipelines { taken in
            for exchange in taken { #expect(exchange.request.outcome == .left && !exchange.wasStopped) }
        }
    }
}
