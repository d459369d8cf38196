import FoundationEssentials
import Observations
import Testing
import Network
import WalkModel
import Wire

@testable import Views

/// The writer by hand against the encoder, where the two could differ.
@Suite struct WalkJSONTests {
    /// Every field at its ends, and absent.
    static let walks: [Walk] = {
        let strange = "\u{1b}[31m\"quoted\" \\ \u{202e}über\u{7f}\t\n\u{0}/…"
        let bare = Hop.Packet(source: "::", destination: strange)
        let full = Hop.Packet(
            source: "192.0.2.1", destination: "198.51.100.1", sourcePort: 0, destinationPort: .max, ttl: .max,
            length: .max, macSource: MACAddress(value: 0x0200_0000_0001), macDestination: MACAddress(value: 0),
            mark: .max, dscp: 63, encapsulation: "vxlan 42 203.0.113.2 → 203.0.113.3", dontFragment: false)
        let rule = RuleReference(
            family: "ip", table: "nat", chain: "POSTROUTING", position: 1, handle: 4, text: strange, backend: nil)
        var hops = [
            Hop(index: 0, namespace: strange, vantage: .socket, direction: .out, packet: bare),
            Hop(
                index: 1, parent: 0, namespace: "host", device: "eth0", vantage: .netfilter, direction: .in,
                hook: .postrouting, stage: .srcnat, edge: .after, offsetNanoseconds: .min,
                evidence: [.log, .conntrack, .rule], confidence: .weak, joinedBy: ["payload", "time"], packet: full,
                changes: [
                    Hop.Change(field: "source", from: "10.0.0.2", to: "203.0.113.2"),
                    Hop.Change(field: "mark", from: nil, to: "1"), Hop.Change(field: "mark", from: strange, to: nil),
                ], rules: [rule, rule]),
        ]
        hops[1].packet.dontFragment = true
        let tuple = FlowTuple(
            source: IPAddress(ipv4: 0xc000_0201), destination: IPAddress(high: 0x2001_0db8 << 32, low: 1),
            sourcePort: .max, destinationPort: 0, ipProtocol: .udp)
        hops[0].route = RouteDecision(
            timeNanoseconds: .min, namespace: strange, tuple: tuple, inDevice: strange, mark: .max, kind: strange,
            table: .max, outDevice: strange, gateway: tuple.source, preferredSource: tuple.source, errorNumber: -101,
            matchedRoute: strange)
        hops[1].route = RouteDecision(timeNanoseconds: 0, namespace: "", tuple: tuple)
        var walk = Walk(
            id: String(repeating: "0", count: 32), protocol: "udp", source: "192.0.2.1", destination: "198.51.100.1",
            summary: strange, start: "2026-11-23T01:58:14.860946123Z", durationNanoseconds: .max, outcome: .lost,
            hops: hops)
        let empty = Walk(
            id: "", protocol: "", source: "", destination: "", summary: "", start: "", outcome: .delivered, hops: [])
        walk.answers = walk.id
        walk.cutOff = .end
        walk.sourcePort = 65_535
        walk.destinationPort = 0
        walk.stoppedAt = Stop(namespace: strange, rule: rule)
        walk.lastSeen = hops[0]
        walk.expectedNext = hops[1]
        walk.losses = [WalkLoss(vantage: strange, lost: .max)]
        walk.findings = [
            Finding(
                code: "no-source-nat", severity: .error, where: Finding.Place(namespace: strange), message: strange,
                evidence: [Fact(nil, strange), .state(strange)], rule: rule, remedy: Remedy([RemedyAction(in: nil, .line(strange))], verified: true))
        ]
        return [walk, empty]
    }()

    @Test(arguments: walks) func theWriterGivesWhatTheEncoderGives(walk: Walk) throws {
        #expect(try WalkJSON.line(walk) == JSONText.compact(walk))
    }
    @Test("what is not known of a rule, a place, an end or a change stands there as null")
    func unknownIsNull() throws {
        let policy = RuleReference(family: "ip", table: "filter", chain: "FORWARD", verdict: "policy drop")
        let written =
            #"{"backend":null,"chain":"FORWARD","family":"ip","handle":null,"position":null,"table":"filter","text":null,"verdict":"policy drop"}"#
        let packet = Hop.Packet(source: "192.0.2.1", destination: "198.51.100.1")
        let hop = Hop(
            index: 0, namespace: "host", vantage: .netfilter, hook: .forward, packet: packet,
            changes: [Hop.Change(field: "mark", from: nil, to: "1")], rules: [policy])
        var walk = Walk(
            id: "", protocol: "udp", source: "", destination: "", summary: "", start: "", outcome: .dropped, hops: [hop]
        )
        walk.stoppedAt = Stop(namespace: "host", rule: policy)
        walk.findings = [
            Finding(
                code: "policy-drop", severity: .error, where: Finding.Place(namespace: "host"), message: "",
                rule: policy,
                path: [policy], unmatched: [Finding.Miss(rule: policy, because: "")],
                checks: [Finding.Check(holds: nil, text: "")])
        ]
        let line = try WalkJSON.line(walk)
        for part in [
            "\"rules\":[\(written)]", "\"rule\":\(written),\"severity\"", "\"path\":[\(written)]",
            "\"unmatched\":[{\"because\":\"\",\"rule\":\(written)}]",
            "\"stopped_at\":{\"device\":null,\"hook\":null,\"location\":null,\"namespace\":\"host\",\"reason\":null,\"rule\":\(written),\"stage\":null,\"vantage\":null}",
            "\"where\":{\"device\":null,\"hook\":null,\"namespace\":\"host\"}",
            "\"checks\":[{\"holds\":null,\"text\":\"\"}]",
            "\"changes\":[{\"field\":\"mark\",\"from\":null,\"to\":\"1\"}]",
        ] {
            #expect(line.contains(part), "\(part) is not in \(line)")
        }
        #expect(try JSONDecoder().decode(Walk.self, from: Data(line.utf8)) == walk)
    }
}
