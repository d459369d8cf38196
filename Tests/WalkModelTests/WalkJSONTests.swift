import Network
import Observations
import Testing
import Wire

@testable import WalkModel

@Suite("A walk's JSON") struct WalkJSONTests {
    static let strange = "\u{1b}[31m\"quoted\" \\ \u{202e}über\u{7f}\t\n\u{0}/…\u{8}\u{c}\r\u{e0001}"

    static let rule = RuleReference(
        family: "ip", table: "nat", chain: "POSTROUTING", position: 1, handle: .max, text: strange, backend: nil)

    /// Every field at its ends.
    static let full: Walk = {
        let bare = Hop.Packet(source: "::", destination: "255.255.255.255")
        let tunnel = Encapsulation(kind: .gre, identifier: .max, source: "2001:db8::1", destination: "2001:db8::2")
        let full = Hop.Packet(
            source: "192.0.2.1", destination: "198.51.100.1", sourcePort: 0, destinationPort: .max, ttl: .max,
            length: .max, macSource: MACAddress(value: 0x0200_0000_0001), macDestination: MACAddress(value: 0),
            mark: .max, dscp: 63, encapsulation: tunnel, dontFragment: false, fragments: 3)
        let mac = MACAddress(value: 0x0200_0000_0002)
        var hops = [
            Hop(index: 0, namespace: strange, vantage: .socket, direction: .out, packet: bare),
            Hop(
                index: 1, parent: 0, host: strange, namespace: "host", device: "eth0", vantage: .netfilter,
                direction: .in, hook: .postrouting, stage: .srcnat, edge: .after, offsetNanoseconds: .min,
                evidence: Evidence.allCases, confidence: .weak, joinedBy: JoinBasis.allCases, packet: full,
                changes: [
                    .source(from: "10.0.0.2", to: "203.0.113.2"), .destination(from: "::1", to: "192.0.2.1"),
                    .sourcePort(from: nil, to: .max), .destinationPort(from: 0, to: nil), .ttl(from: 64, to: 63),
                    .macSource(from: mac, to: MACAddress(value: 0)), .macDestination(from: mac, to: mac),
                    .length(from: 0, to: .max), .mark(from: 0, to: .max), .dscp(from: nil, to: 63),
                    .segments(from: 1, to: 3), .encapsulation(from: nil, to: tunnel),
                    .encapsulation(from: Encapsulation(kind: .ipip, source: "10.0.0.1", destination: "::"), to: nil),
                ], rules: [rule, rule]),
        ]
        hops[1].packet.dontFragment = true
        let tuple = FlowTuple(
            source: "192.0.2.1", destination: "2001:db8::1", sourcePort: .max, destinationPort: 0, ipProtocol: .udp)
        hops[0].route = RouteDecision(
            timeNanoseconds: .min, namespace: strange, tuple: tuple, inDevice: strange, mark: .max,
            kind: RouteKind(rawValue: strange), table: RoutingTable(rawValue: .max), outDevice: strange,
            gateway: tuple.source, preferredSource: tuple.source, errorNumber: -101,
            matchedRoute: strange)
        hops[1].route = RouteDecision(timeNanoseconds: 0, namespace: "", tuple: tuple)
        var walk = Walk(
            id: String(repeating: "0", count: 32), answers: "1", host: strange, kind: .udp(payloadLength: .max),
            source: "192.0.2.1", destination: "198.51.100.1", sourcePort: .max, destinationPort: 0,
            startNanoseconds: 1_795_399_094_860_946_123, durationNanoseconds: .max, outcome: .lost, hops: hops)
        walk.cutOff = .end
        walk.prediction = Prediction(assumptions: [
            Prediction.Assumption(code: "hook-order", namespace: strange, text: strange, otherwise: strange),
            Prediction.Assumption(code: "random-choice", text: ""),
        ])
        walk.stoppedAt = Stop(
            namespace: strange, device: strange, vantage: .drop, hook: .forward, stage: .filter,
            cause: .kernelDrop(reason: DropReason(rawValue: strange), location: strange), rule: rule)
        walk.lastSeen = hops[0]
        walk.expectedNext = hops[1]
        walk.losses = [WalkLoss(vantage: strange, lost: .max)]
        walk.findings = [
            Finding(
                code: "no-source-nat", severity: .error, where: Finding.Place(namespace: strange), message: strange,
                evidence: [Fact(nil, strange), .state(strange)], rule: rule, path: [rule],
                unmatched: [Finding.Miss(rule: rule, because: strange)],
                checks: [true, false, nil].map { Finding.Check(holds: $0, text: strange) },
                remedy: Remedy([RemedyAction(in: nil, .line(strange))], verified: true))
        ]
        return walk
    }()

    static func walk(_ kind: PacketKind, stop: Stop? = nil) -> Walk {
        Walk(
            id: "", kind: kind, source: "192.0.2.1", destination: "198.51.100.1", startNanoseconds: 0,
            outcome: .dropped, hops: [], stoppedAt: stop)
    }

    static func about(_ number: IPProtocol) -> FlowTuple {
        FlowTuple(
            source: "2001:db8::1", destination: "2001:db8::2", sourcePort: 7, destinationPort: 7, ipProtocol: number)
    }

    static let kinds: [PacketKind] = [
        .icmp(.echoRequest(identifier: .max, sequence: 0)),
        .icmp(.echoReply(isIPv6: true, identifier: 0, sequence: .max)), .icmp(ICMPMessage(type: 13)),
        .icmp(ICMPMessage(type: 3, code: 4, mtu: 1400, quoted: about(.tcp))),
        .icmp(ICMPMessage(isIPv6: true, type: 2, mtu: .max, quoted: about(.icmpv6))),
        .tcp(flags: TCPFlags(rawValue: .max), payloadLength: .max), .tcp(flags: []), .udp(payloadLength: 0),
        .sctp(payloadLength: 1), .arp(operation: 2, sender: MACAddress(value: 1)), .fragment(.udp, offset: .max),
        .other(.gre, payloadLength: 4), .other(IPProtocol(rawValue: 253), payloadLength: 4), .unseen(.icmpv6),
    ]

    static let causes: [Stop.Cause?] = [
        nil, .kernelDrop(reason: "NETFILTER_DROP", location: nil),
        .icmpError(source: "2001:db8::1", type: 1, code: 4), .sendFailure(errorNumber: 101, message: strange),
    ]

    @Test(
        "says all that the walk says",
        arguments: [full] + kinds.map { walk($0) } + causes.map { walk(.unseen(.tcp), stop: Stop(cause: $0)) })
    func roundTrip(walk: Walk) throws {
        let line = WalkJSON.line(walk)
        #expect(try WalkJSON.walk(from: line.utf8) == walk, "\(line)")
        #expect(line.unicodeScalars.allSatisfy { !$0.isUnsafe })
    }

    @Test("has the keys in the order of their names") func order() throws {
        #expect(try Self.isSorted(JSONTree(parsing: Array(WalkJSON.line(Self.full).utf8))))
    }

    private static func isSorted(_ tree: JSONTree) -> Bool {
        switch tree {
        case .object(let members):
            members.map(\.key) == members.map(\.key).sorted() && members.map(\.value).allSatisfy(isSorted)
        case .array(let elements): elements.allSatisfy(isSorted)
        default: true
        }
    }

    @Test("has null for what is not known of a rule, a place, an end or a change") func unknownIsNull() throws {
        let policy = RuleReference(family: "ip", table: "filter", chain: "FORWARD", verdict: "policy drop")
        let written =
            #"{"backend":null,"chain":"FORWARD","family":"ip","handle":null,"position":null,"table":"filter","text":null,"verdict":"policy drop"}"#
        var walk = Self.walk(.udp(payloadLength: 0), stop: Stop(namespace: "host", rule: policy))
        walk.hops = [
            Hop(
                index: 0, namespace: "host", vantage: .netfilter, hook: .forward,
                packet: Hop.Packet(source: "192.0.2.1", destination: "198.51.100.1"),
                changes: [.dscp(from: nil, to: 1)], rules: [policy])
        ]
        walk.findings = [
            Finding(
                code: "policy-drop", severity: .error, where: Finding.Place(namespace: "host"), message: "",
                rule: policy, path: [policy], unmatched: [Finding.Miss(rule: policy, because: "")],
                checks: [Finding.Check(holds: nil, text: "")])
        ]
        let line = WalkJSON.line(walk)
        for part in [
            "\"rules\":[\(written)]", "\"rule\":\(written),\"severity\"", "\"path\":[\(written)]",
            "\"unmatched\":[{\"because\":\"\",\"rule\":\(written)}]",
            "\"stopped_at\":{\"cause\":null,\"device\":null,\"hook\":null,\"location\":null,\"namespace\":\"host\",\"reason\":null,\"rule\":\(written),\"stage\":null,\"vantage\":null}",
            "\"where\":{\"device\":null,\"hook\":null,\"namespace\":\"host\"}",
            "\"checks\":[{\"holds\":null,\"text\":\"\"}]", "\"host\":null,\"index\":0",
            "\"changes\":[{\"field\":\"dscp\",\"from\":null,\"to\":\"1\"}]",
        ] {
            #expect(line.contains(part), "\(part) is not in \(line)")
        }
    }

    @Test("has no ICMP identifier in a port's place") func identifier() throws {
        var walk = Self.walk(.icmp(ICMPMessage(type: 3, code: 1, quoted: Self.about(.icmp))))
        walk.hops = [
            Hop(
                index: 0, namespace: "host", vantage: .route,
                packet: Hop.Packet(source: "192.0.2.1", destination: "198.51.100.1"),
                route: RouteDecision(timeNanoseconds: 0, namespace: "host", tuple: Self.about(.icmp)))
        ]
        let line = WalkJSON.line(walk)
        #expect(
            !line.replacing("\"destination_port\":null", with: "").replacing("\"source_port\":null", with: "")
                .contains("_port"))
        #expect(line.contains(#""quoted":{"destination":"2001:db8::2","identifier":7,"ip_protocol":1,"#))
        #expect(line.contains(#""tuple":{"destination":"2001:db8::2","identifier":7,"ip_protocol":1,"#))
    }

    @Test(
        "is refused with the place of what is wrong",
        arguments: [
            (#""schema":"packetwalk.walk/2""#, #""schema":"packetwalk.walk/1""#, "walk.schema"),
            (#""source":"192.0.2.1""#, #""source":"192.0.2""#, "walk.source"),
            (#""duration_ns":0"#, #""duration_ns":"0""#, "walk.duration_ns"),
            (#""name":"unseen""#, #""name":"seen""#, "walk.kind.name"),
            (#""outcome":"dropped","#, "", "walk.outcome"),
        ])
    func refusal(part: String, replacement: String, path: String) throws {
        let line = WalkJSON.line(Self.walk(.unseen(.tcp))).replacing(part, with: replacement)
        let error = #expect(throws: WalkJSONError.self) { try WalkJSON.walk(from: line.utf8) }
        #expect(error?.path == path)
    }
}
