import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Experiment

@Suite("Predicted and observed side by side")
struct PathComparisonTests {
    private func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(ipv4: 0) }

    private func hop(
        _ index: Int, _ namespace: String, device: String? = nil, hook: NetfilterHook? = nil, to: String = "192.0.2.2"
    ) -> Hop {
        Hop(
            index: index, parent: index == 0 ? nil : index - 1, namespace: namespace, device: device,
            vantage: hook == nil ? .link : .netfilter, direction: hook == nil ? .in : nil, hook: hook,
            offsetNanoseconds: Int64(index) * 1000, evidence: [.seen],
            packet: Hop.Packet(source: address("192.0.2.1"), destination: address(to)))
    }

    private func walk(_ hops: [Hop], _ outcome: Walk.Outcome = .delivered) -> Walk {
        Walk(
            id: String(repeating: "a", count: 32), kind: .unseen(.udp), source: address("192.0.2.1"),
            destination: address("192.0.2.2"), startNanoseconds: 5, outcome: outcome, hops: hops)
    }

    @Test("the same where only times differ, and where a routing decision was heard once")
    func same() {
        var route = hop(1, "host")
        route.vantage = .route
        let one = walk([hop(0, "host", device: "a"), route, hop(2, "web", device: "b")])
        var other = walk([hop(0, "host", device: "a"), hop(1, "web", device: "b")])
        other.startNanoseconds = 77
        other.hops[1].evidence = [.log]
        let comparison = PathComparison(predicted: Exchange(request: one), observed: Exchange(request: other))
        #expect(comparison.isSame)
        #expect(comparison.parting == nil)
        #expect(comparison.hopCount == 2)
    }

    @Test("parted at the first place that differs")
    func places() {
        let one = walk([hop(0, "host", device: "a"), hop(1, "host", hook: .forward), hop(2, "web", device: "b")])
        let other = walk([hop(0, "host", device: "a"), hop(1, "host", hook: .input)])
        let parting = PathComparison(predicted: Exchange(request: one), observed: Exchange(request: other)).parting
        #expect(parting?.number == 2)
        #expect(parting?.isReply == false)
        #expect(parting?.row.differences == ["place"])
        #expect(parting?.row.predicted?.place == "host forward")
        #expect(parting?.row.observed?.place == "host input")
    }

    @Test("parted by a translation, and by the verdict alone")
    func addressesAndVerdicts() {
        let one = walk([hop(0, "host", device: "a", to: "10.0.0.1")])
        let other = walk([hop(0, "host", device: "a")])
        let addresses = PathComparison(predicted: Exchange(request: one), observed: Exchange(request: other)).parting
        #expect(addresses?.row.differences == ["addresses"])
        let dropped = walk([hop(0, "host", device: "a")], .dropped)
        let verdict = PathComparison(predicted: Exchange(request: dropped), observed: Exchange(request: other)).parting
        #expect(verdict?.number == 2)
        #expect(verdict?.row.differences == ["verdict"])
        #expect(verdict?.row.predicted?.place == "dropped")
        #expect(verdict?.row.observed?.place == "delivered")
    }

    @Test("a reply that only one side has")
    func replies() {
        let request = walk([hop(0, "host", device: "a")])
        let comparison = PathComparison(
            predicted: Exchange(request: request, reply: request), observed: Exchange(request: request))
        #expect(!comparison.isSame)
        #expect(comparison.parting?.isReply == true)
        #expect(comparison.parting?.row.observed == nil)
    }
}
