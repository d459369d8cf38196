import Network
import Testing
import Wire

@testable import Ruleset

/// Chains of a hook: jumps, verdicts, doubts.
@Suite("Chains")
struct TraversalTests {
    static let packet = RuleNamespace.packet

    static func run(_ site: RuleSite, _ hook: NetfilterHook = .forward) -> HookResult {
        HookTraversal(site: site, hook: hook, families: ["ip", "inet"]).run(packet)
    }

    @Test("a verdict map jumps by the device, through a named map")
    func verdictMap() {
        let map = NamedSet(
            family: "inet", table: "t", name: "m", isMap: true,
            elements: #"[["eth0",{"jump":{"target":"out"}}],["b",{"accept":null}]]"#)
        let site = RuleNamespace.site(
            nft("forward", hook: .forward, rules: [#"[{"vmap":{"key":{"meta":{"key":"oifname"}},"data":"@m"}}]"#]),
            nft("out", rules: [#"[{"drop":null}]"#]), sets: [map])
        let result = Self.run(site)
        #expect(result.ending?.rule.chain == "out")
        #expect(result.ending?.path.map(\.chain) == ["forward"])
        #expect(result.isCertain)
    }

    @Test("return and goto: a goto's end is its caller's end, not its caller's next rule")
    func gotoReturns() {
        let result = Self.run(
            RuleNamespace.site(
                iptables("filter", "FORWARD", rules: ["-j ONE", "-p tcp -j ACCEPT", "-j DROP"]),
                iptables("filter", "ONE", rules: ["-g TWO", "-j DROP"]),
                iptables("filter", "TWO", rules: ["-p udp -j DROP"])))
        #expect(result.ending == nil)
        #expect(result.accepted.map(\.position) == [2])
    }

    @Test("chains that call each other end in a doubt, not in a trap")
    func cycle() {
        let result = Self.run(
            RuleNamespace.site(
                iptables("filter", "FORWARD", rules: ["-j ONE"]), iptables("filter", "ONE", rules: ["-j TWO"]),
                iptables("filter", "TWO", rules: ["-j ONE"])))
        #expect(!result.isCertain)
    }

    @Test("a mark that may have been set can't be told afterwards")
    func unsureMark() {
        let result = Self.run(
            RuleNamespace.site(
                iptables(
                    "filter", "FORWARD",
                    rules: [
                        "-m set --match-set a src -j MARK --set-xmark 0x1/0xf", "-m mark --mark 0x1/0xf -j ACCEPT",
                        "-j DROP",
                    ])))
        #expect(result.ending?.rule.position == 3)
        #expect(!result.isCertain)
        #expect(result.doubts.last?.hasSuffix("its mark is not known") == true)
    }

    @Test("nft sets bits of the mark, and a later rule asks for them")
    func markBits() {
        let json = [
            #"[{"mangle":{"key":{"meta":{"key":"mark"}},"value":{"|":[{"&":[{"meta":{"key":"mark"}},240]},5]}}}]"#,
            #"[{"match":{"op":"==","left":{"meta":{"key":"mark"}},"right":21}},{"drop":null}]"#,
        ]
        let result = Self.run(RuleNamespace.site(nft("f", hook: .forward, rules: json)))
        #expect(result.ending?.rule.position == 2)
        #expect(result.packet.mark == 0x15)
        #expect(result.isCertain)
    }

    @Test("10,000 rules: every rule is evaluated, and taken apart once for all packets")
    func many() {
        let rules = (0..<10_000).map { "-s 10.\($0 / 250).\($0 % 250).0/24 -p tcp -m tcp --dport 80 -j DROP" }
        let site = RuleNamespace.site(iptables("filter", "FORWARD", policy: "drop", rules: rules))
        let clock = ContinuousClock()
        var result = Self.run(site)
        let first = clock.measure { result = Self.run(RuleNamespace.site(Self.unlike(site))) }
        let later = clock.measure { result = Self.run(site) }
        #expect(result.ending?.kind == .policy)
        #expect(result.ending?.unmatched.count == 8)
        #expect(result.ending?.unmatched.last?.because == "its source is 172.19.0.2")
        // A debug build spends its time otherwise than a release build; both parse far longer than they evaluate.
        #expect(later * 3 < first, "compiled again: \(later) against \(first)")
    }

    /// The same chain with another policy, so that nothing of it is known yet.
    private static func unlike(_ site: RuleSite) -> RuleChain {
        var chain = site.namespace.netfilter.chains[0]
        chain.policy = "accept"
        return chain
    }

    @Test("redirect and DNAT give the packet that goes on; NETMAP keeps the host part")
    func translations() {
        func translated(_ rule: String) -> PacketState {
            Self.run(RuleNamespace.site(iptables("nat", "PREROUTING", rules: [rule])), .prerouting).packet
        }
        let redirected = translated("-p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8443")
        #expect(redirected.destination == address("172.19.0.1"))
        #expect(redirected.destinationPort == 8443)
        #expect(redirected.isDestinationTranslated == true)
        let forwarded = translated("-p tcp -j DNAT --to-destination 10.0.0.5-10.0.0.9:80")
        #expect(forwarded.destination == address("10.0.0.5"))
        #expect(forwarded.destinationPort == 80)
        #expect(forwarded.originalDestination == address("198.51.100.1"))
        #expect(translated("-d 198.51.100.0/24 -j NETMAP --to 10.1.2.0/24").destination == address("10.1.2.1"))
    }

    @Test("a rule that would have translated but for its device is a near miss, one that fails twice is not")
    func nearMiss() throws {
        let result = Self.run(
            RuleNamespace.site(
                iptables(
                    "nat", "POSTROUTING",
                    rules: [
                        "-s 172.19.0.0/24 -o eth1 -j MASQUERADE", "-s 10.0.0.0/8 -o eth1 -j MASQUERADE",
                        "-s 172.19.0.0/24 -o eth1 -j ACCEPT",
                    ])), .postrouting)
        let near = try #require(result.nearMisses.first)
        #expect(result.nearMisses.count == 1)
        #expect(near.match.field == .device(.out, isIndex: false))
        #expect(near.condition == "-o eth1")
        #expect(near.because == "leaves by eth0")
        #expect(near.compiled.matches.flatMap(\.prefixes) == [prefix("172.19.0.0/24")])
    }

    @Test("of base chains with one priority the one that was registered last runs first")
    func equalPriorities() {
        let drop = [#"[{"drop":null}]"#]
        let site = RuleNamespace.site(
            nft("late", table: "a", hook: .forward, priority: 10, rules: drop),
            nft("old", table: "b", hook: .forward, rules: drop), nft("new", table: "b", hook: .forward, rules: drop),
            nft("newest", table: "c", hook: .forward, rules: drop))
        let chains = site.namespace.netfilter.compiled.baseChains(.forward, families: ["ip", "inet"])
        #expect(chains.map(\.key.name) == ["newest", "new", "old", "late"])
        let result = Self.run(site)
        #expect(result.ending?.rule.chain == "newest")
        #expect(result.isOrderKnown)
    }

    @Test("whether iptables-legacy or nf_tables runs first at one priority is not known")
    func unknownOrder() {
        let legacy = iptables("filter", "FORWARD", backend: "iptables-legacy", rules: ["-j DROP"])
        let drop = [#"[{"drop":null}]"#]
        #expect(!Self.run(RuleNamespace.site(nft("f", hook: .forward, rules: drop), legacy)).isOrderKnown)
        #expect(Self.run(RuleNamespace.site(nft("f", hook: .forward, priority: 1, rules: drop), legacy)).isOrderKnown)
        #expect(Self.run(RuleNamespace.site(legacy)).isOrderKnown)
        // Only one of them ends the packet, whichever is asked first.
        let passing = iptables("filter", "FORWARD", backend: "iptables-legacy", rules: ["-j ACCEPT"])
        #expect(Self.run(RuleNamespace.site(nft("f", hook: .forward, rules: drop), passing)).isOrderKnown)
    }
}
