import Network
import Observations
import Testing
import Wire

@testable import Recording

/// The comments that other programs show beside a packet stand on the sighting that they speak of.
@Suite struct PacketCommentsTests {
    private static let points: [VantagePoint] = [
        VantagePoint(namespace: "web", kind: .link, device: "eth0", direction: .out),
        VantagePoint(namespace: "host", kind: .netfilter, hook: .prerouting, stage: .raw, edge: .before),
        VantagePoint(namespace: "host", kind: .netfilter, hook: .forward, stage: .filter, edge: .after),
        VantagePoint(namespace: "host", kind: .link, device: "mybridge", direction: .in),
        VantagePoint(namespace: "db", kind: .link, device: "eth0", direction: .in),
    ]
    private static let start: Int64 = 1_700_000_000_000_000_000

    private func packet(_ vantage: Int, at microseconds: Int64, label: UInt64 = 0xa) -> Event {
        var headers = PacketHeaders()
        headers.label = label
        return .packet(
            Observation(
                timeNanoseconds: Self.start + microseconds * 1000, vantage: VantageID(rawValue: UInt32(vantage)),
                clock: .passage, headers: headers))
    }

    private func drop(_ namespace: String?, device: String? = nil, at microseconds: Int64, label: UInt64 = 0xa) -> Event
    {
        var headers = PacketHeaders()
        headers.label = label
        return .drop(
            DropEvent(
                timeNanoseconds: Self.start + microseconds * 1000, namespace: namespace, device: device,
                reason: "NETFILTER_DROP", headers: PacketHeadersRecord(headers)))
    }

    private func rule(_ hook: NetfilterHook, at microseconds: Int64) -> Event {
        var headers = PacketHeaders()
        headers.label = 0xa
        return .rule(
            RuleEvent(
                timeNanoseconds: Self.start + microseconds * 1000, namespace: "host",
                reference: RuleReference(family: "ip", table: "filter", chain: "FORWARD", position: 1),
                verdict: "drop", hook: hook, headers: PacketHeadersRecord(headers)))
    }

    /// Which events of each batch have a comment.
    private func commented(_ batches: [[Event]]) -> [[Int]] {
        var comments = PacketComments()
        return batches.map { events in
            comments.look(ahead: events) { Int($0) < Self.points.count ? Self.points[Int($0)] : nil }
            return events.indices.filter { !comments.take($0).isEmpty }
        }
    }

    @Test("a drop is told at its namespace's last sighting, though another one saw the packet later")
    func dropInItsNamespace() {
        #expect(
            commented([[packet(0, at: 0), packet(3, at: 5), packet(2, at: 9), packet(4, at: 50), drop("host", at: 10)]])
                == [[2]])
        #expect(commented([[packet(0, at: 0), packet(3, at: 5), packet(2, at: 9), drop("web", at: 10)]]) == [[0]])
    }

    @Test("a drop at a device is told there") func dropAtItsDevice() {
        #expect(
            commented([[packet(3, at: 5), packet(2, at: 9), drop("host", device: "mybridge", at: 10)]]) == [[0]])
    }

    @Test("a rule is told at its hook, also where the hook's sighting was read after it") func ruleAtItsHook() {
        #expect(
            commented([[packet(1, at: 1), packet(2, at: 4), packet(3, at: 5), rule(.prerouting, at: 3)]]) == [[0]])
        #expect(
            commented([[packet(1, at: 1), packet(3, at: 2), rule(.forward, at: 3)], [packet(2, at: 4)]]) == [[1], []])
        #expect(commented([[rule(.forward, at: 3)], [packet(2, at: 4), packet(4, at: 5)]]) == [[], [0]])
    }

    @Test("what was seen elsewhere alone, or long ago, has none") func nothing() {
        #expect(commented([[packet(0, at: 0), packet(4, at: 5), drop("host", at: 10)]]) == [[]])
        #expect(commented([[drop("host", at: 10)], [packet(3, at: 1_000_010)]]) == [[], []])
        #expect(commented([[packet(3, at: 0, label: 0xb), drop("host", at: 10)]]) == [[]])
    }

    @Test("a drop whose namespace is not known is told at the packet's last sighting") func unknownNamespace() {
        #expect(commented([[packet(0, at: 0), packet(3, at: 5), drop(nil, at: 10)]]) == [[1]])
    }
}
