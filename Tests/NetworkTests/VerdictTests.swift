import Network
import Testing

@Suite struct VerdictTests {
    @Test(
        "what ends the packet, and what its path through the base chain",
        arguments: [
            ("drop", true, true), ("reject", true, true), ("reject with tcp reset", true, true),
            ("policy drop", true, true), ("policy accept", false, true), ("accept", false, true),
            ("queue", false, true), ("stolen", false, true), ("jump drop", false, false), ("continue", false, false),
            ("return", false, false), ("verdict 4", false, false),
        ] as [(Verdict, Bool, Bool)])
    func ends(verdict: Verdict, packet: Bool, baseChain: Bool) {
        #expect(verdict.endsPacket == packet && verdict.endsBaseChain == baseChain)
    }

    @Test func `a jump and a goto name their chain`() {
        #expect(Verdict.jump("a b").target == "a b" && Verdict.goto("c").target == "c" && Verdict.return.target == nil)
        #expect(Verdict.policy(.drop) == "policy drop")
    }

    @Test func `a rule is called as its own program calls it`() {
        var rule = RuleReference(family: .ip6, table: "filter", chain: "FORWARD", position: 3, handle: 9)
        #expect(rule.name == "nft ip6 filter FORWARD 3")
        rule.backend = .iptablesLegacy
        #expect(rule.name == "ip6tables-legacy filter FORWARD 3" && rule.chainName == "ip6tables-legacy filter FORWARD")
        #expect(rule.name(withHandle: true) == "ip6tables-legacy filter FORWARD 3 (handle 9)")
        rule.position = nil
        #expect(rule.name == "ip6tables-legacy filter FORWARD (handle 9)")
    }
}

@Suite struct NearestTests {
    @Test(
        "the word that was meant is at most two letters away",
        arguments: [
            ("trce", "trace"), ("mapp", "map"), ("xplain", "explain"), ("trace", "trace"), ("record-all", nil),
            ("m", "map"), ("", nil),
        ] as [(String, String?)])
    func nearest(typed: String, meant: String?) {
        #expect(["explain", "map", "record", "trace"].nearest(to: typed) == meant)
    }
}
