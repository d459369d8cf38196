import Observations
import Testing
import Network
import Wire

@testable import Probes

@Suite struct LegacyTraceTests {
    @Test func `a recorded message holds the prefix and the packet`() throws {
        let datagram = RecordedTrace.bytes(RecordedTrace.legacy)
        var found: (message: NFLOGMessage, prefix: [UInt8], payload: [UInt8])?
        NFLOGDatagram.forEachPacket(in: datagram[...]) { message, bytes in
            found = (message, Array(bytes[message.prefix]), Array(bytes[message.payload]))
        }
        let packet = try #require(found)
        #expect(packet.message.hook == 1 && packet.message.group == 0)
        let prefix = try #require(LegacyTracePrefix(String(decoding: packet.prefix, as: UTF8.self)))
        #expect(prefix.table == "filter" && prefix.chain == "INPUT" && prefix.kind == .rule && prefix.number == 1)
        #expect(packet.payload == RecordedTrace.bytes(RecordedTrace.packet))
    }

    @Test func `prefixes of others and broken ones are none`() {
        let broken = [
            "", "pw:0", "TRACE: ", "TRACE: filter:INPUT:rule:", "TRACE: filter:INPUT:what:1 ", "TRACE: a:rule:1",
        ]
        for text in broken {
            #expect(LegacyTracePrefix(text) == nil, "\(text)")
        }
        #expect(LegacyTracePrefix("TRACE: nat:a:b:return:3 ")?.chain == "a:b")
    }

    private func event(_ text: String, own: [OwnRules.Place: [Int]] = [:]) throws -> RuleEvent? {
        let rules = LegacyRules(index: RulesetIndex(tracedNamespace), own: own)
        return rules.event(
            try #require(LegacyTracePrefix(text)), family: "ip", hook: .input, timeNanoseconds: 1, namespace: "host",
            headers: PacketHeadersRecord(PacketHeaders()))
    }

    @Test func `number and chain give the rule, its text and what it does`() throws {
        let jump = try #require(try event("TRACE: filter:INPUT:rule:1 "))
        #expect(jump.reference.position == 1 && jump.reference.text == "-A INPUT -p icmp -j sub")
        #expect(jump.verdict == "jump sub" && jump.baseChain == "INPUT" && jump.reference.handle == nil)
        #expect(try event("TRACE: filter:INPUT:rule:2 ")?.verdict == "accept")
        // One more than there are rules: the chain's end.
        #expect(try event("TRACE: filter:INPUT:policy:3 ")?.verdict == "policy accept")
        #expect(try event("TRACE: filter:INPUT:policy:3 ")?.reference.position == nil)
        #expect(try event("TRACE: filter:sub:return:2 ") == nil)
    }

    @Test func `a last rule without conditions is a rule, though the kernel calls it the policy`() throws {
        var namespace = tracedNamespace
        namespace.netfilter.chains[3].rules.append(Rule(position: 3, text: "-A INPUT -j DROP"))
        let rules = LegacyRules(index: RulesetIndex(namespace), own: [:])
        let prefix = try #require(LegacyTracePrefix("TRACE: filter:INPUT:policy:3 "))
        let event = rules.event(
            prefix, family: "ip", hook: .input, timeNanoseconds: 1, namespace: "host",
            headers: PacketHeadersRecord(PacketHeaders()))
        #expect(event?.verdict == "drop" && event?.reference.position == 3)
    }

    @Test func `rules of our own are left out, and the others counted without them`() throws {
        let own = [OwnRules.Place(family: "ip", table: "filter", chain: "INPUT"): [1]]
        #expect(try event("TRACE: filter:INPUT:rule:1 ", own: own) == nil)
        #expect(try event("TRACE: filter:INPUT:rule:2 ", own: own)?.reference.position == 1)
        #expect(try event("TRACE: filter:INPUT:policy:4 ", own: own)?.verdict == "policy accept")
    }

    @Test func `own rules are found by their comments`() {
        let saved = """
            *filter
            :INPUT ACCEPT [0:0]
            -A INPUT -m comment --comment "packetwalk:12.345.678" -j NFLOG --nflog-prefix pw:1
            -A INPUT -p tcp -j ACCEPT
            -A INPUT -m comment --comment "packetwalk: not a run" -j DROP
            -A FORWARD -m comment --comment packetwalk:12.345.678 -j NFLOG
            COMMIT
            *raw
            -A OUTPUT -p tcp -j ACCEPT
            -A OUTPUT -m comment --comment packetwalk:12.345.678 -j TRACE
            COMMIT
            """
        let numbers = OwnRules.numbers(saved: saved, family: "ip")
        #expect(
            numbers == [
                OwnRules.Place(family: "ip", table: "filter", chain: "INPUT"): [1],
                OwnRules.Place(family: "ip", table: "filter", chain: "FORWARD"): [1],
                OwnRules.Place(family: "ip", table: "raw", chain: "OUTPUT"): [2],
            ])
    }

    @Test(
        "what a target does",
        arguments: [
            ("-A a -j ACCEPT", "accept"), ("-A a -j DROP", "drop"), ("-A a -j RETURN", "return"),
            ("-A a -p tcp -j REJECT --reject-with tcp-reset", "reject"), ("-A a -j known", "jump known"),
            ("-A a -g known", "goto known"), ("-A a -j LOG --log-prefix \"-j DROP \"", "continue"),
            ("-A a -m comment --comment \"x -j DROP\"", "continue"), ("-A a -j MASQUERADE", "accept"),
            ("-A a -j NFQUEUE --queue-num 3", "queue"), ("-A a -j MARK --set-xmark 0x1/0xff", "continue"),
        ])
    func verdict(text: String, expected: Verdict) {
        #expect(Rule(position: 1, text: text).target.iptablesVerdict { $0 == "known" } == expected)
    }
}
