import Observations
import Testing
import Network
import WalkModel

@testable import Diagnosis

/// A ping that arrived in `wan` and whose answer nobody saw, in a network where nothing stops it.
@Suite("An answer that was not seen") struct UnseenAnswerTests {
    private let start: Int64 = 1_795_399_094_000_000_000  // 2026-11-23T01:58:14Z, as the walks of these tests have it.
    private let nothing = "the packet arrived in wan and no reply was seen; none of the known causes applies"

    private func finding(lossAfter milliseconds: Int64?) -> Finding? {
        var network = BaseNetwork()
        network.masquerade(nil)
        network.change("wan") {
            $0.routes.append(
                Route(destination: prefix("172.19.0.0/24"), gateway: address("203.0.113.2"), device: "wan0"))
        }
        var ledger = EvidenceLedger()
        ledger.take(.topology(network.topology, timeNanoseconds: start))
        if let milliseconds {
            ledger.take(
                .loss(
                    Loss(
                        timeNanoseconds: start + milliseconds * 1_000_000, vantage: nil, source: "nflog host", lost: 1))
            )
        }
        let walk = Probe.ping.walk(.delivered, through: toWan)
        return ledger.explained(Exchange(request: walk)).request.findings.first
    }

    @Test func withNothingLost() {
        #expect(finding(lossAfter: nil)?.message == nothing)
        #expect(finding(lossAfter: -1)?.message == nothing, "lost before it was sent")
        #expect(finding(lossAfter: 2001)?.message == nothing, "lost long after its time")
    }

    @Test func withALossWhileItWasAwaited() {
        let finding = finding(lossAfter: 700)
        #expect(finding?.code == "no-answer")
        #expect(finding?.severity == .warning)
        #expect(finding?.message == nothing + "; a source lost events meanwhile, so it may have come unseen")
    }
}
