import Network
import Testing
import Wire

@testable import Ruleset

/// Rules as data: compared, shared, printed.
@Suite("Compiled rules")
struct CompiledRulesetTests {
    static func netfilter(packets: Int = 0, port: Int = 80) -> Netfilter {
        var chain = nft(
            "f", hook: .forward,
            rules: [
                #"[{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":\#(port)}},{"counter":{"packets":\#(packets),"bytes":\#(packets * 60)}},{"drop":null}]"#
            ])
        chain.rules[0].packets = UInt64(packets)
        return Netfilter(chains: [chain])
    }

    @Test("both firewalls' rules for the same packets have the same conditions")
    func bothFirewalls() {
        let iptables = compile("-m conntrack --ctstate RELATED,ESTABLISHED -m mark --mark 0x1/0xf -j ACCEPT")
        let nft = compile(
            json:
                #"[{"match":{"op":"in","left":{"ct":{"key":"state"}},"right":["related","established"]}},{"match":{"op":"==","left":{"&":[{"meta":{"key":"mark"}},15]},"right":1}},{"accept":null}]"#
        )
        #expect(iptables.steps == nft.steps)
    }

    @Test("a change of rules is seen, one of counters is not")
    func comparison() {
        let first = CompiledRuleset(Self.netfilter())
        #expect(first == CompiledRuleset(Self.netfilter(packets: 12)))
        #expect(first != CompiledRuleset(Self.netfilter(port: 81)))
        #expect(first.hashValue == CompiledRuleset(Self.netfilter(packets: 3)).hashValue)
    }

    @Test("a namespace's rules follow its changes")
    func follows() {
        var netfilter = Self.netfilter()
        let copy = netfilter
        #expect(netfilter.compiled.chains[0].rules.count == 1)
        netfilter.chains[0].rules = []
        #expect(netfilter.compiled.chains[0].rules.isEmpty)
        #expect(copy.compiled.chains[0].rules.count == 1)
        netfilter.chains = copy.chains
        #expect(netfilter.compiled == copy.compiled)
        #expect(netfilter == copy)
    }

    @Test("the elements of a named set are typed by the rule that refers to it, and keep their comments")
    func sets() throws {
        let set = NamedSet(
            family: "inet", table: "t", name: "c",
            elements: #"[{"elem":{"val":{"concat":["10.0.0.1","http"]},"comment":"hi"}}]"#)
        let json =
            #"[{"match":{"op":"==","left":{"concat":[{"payload":{"protocol":"ip","field":"saddr"}},{"payload":{"protocol":"tcp","field":"dport"}}]},"right":"@c"}}]"#
        let ruleset = CompiledRuleset(Netfilter(chains: [nft("f", rules: [json])], sets: [set]))
        let key = CompiledSet.Key(family: "inet", table: "t", name: "c")
        let element = try #require(ruleset.sets[key]?.elements.first)
        #expect(element.comment == "hi")
        #expect(element.value == .tuple([.addresses(address("10.0.0.1")...address("10.0.0.1")), .number(80)]))
        #expect(ruleset.chains[0].rules[0].description == "ip saddr . tcp dport @c")
    }

    @Test("a set that no rule refers to has elements by their form")
    func guessedSet() {
        let set = NamedSet(family: "ip", table: "t", name: "s", elements: #"["10.0.0.1",{"range":[1,9]},"lo"]"#)
        let ruleset = CompiledRuleset(Netfilter(sets: [set]))
        let elements = ruleset.sets[CompiledSet.Key(family: "ip", table: "t", name: "s")]?.elements.map(\.value)
        #expect(
            elements == [.addresses(address("10.0.0.1")...address("10.0.0.1")), .numbers(1...9), .word("lo")])
    }

    @Test("translations of a namespace are those of its summary, with their conditions")
    func translations() throws {
        let chain = iptables(
            "nat", "PREROUTING",
            rules: ["-j DOCKER", "-d 203.0.113.2/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.19.0.2:80"])
        var netfilter = Netfilter(chains: [chain])
        netfilter.nat = chain.rules.compactMap { NATRule(CompiledRule($0, in: chain)) }
        let summary = try #require(netfilter.nat.first)
        #expect(netfilter.nat.count == 1)
        #expect(summary.kind == "dnat" && summary.to == "172.19.0.2:80")
        #expect(summary.match == "tcp 203.0.113.2/32 dport 8080")
        #expect(netfilter.translations.map(\.reference) == [summary.rule])
        #expect(netfilter.translations[0].matches.map(\.field).count == 3)
    }

    /// Netavark's chains: a network's source stands in the jump to its chain.
    @Test("a translation is summed up without comments, and a chain of one way in with what its jumps ask for")
    func ways() throws {
        let post = iptables(
            "nat", "POSTROUTING",
            rules: ["-j HOSTPORT-MASQ", "-s 10.88.0.0/16 -j NET-1", "-s 10.89.0.0/16 -j NET-2", "-o eth1 -j NET-2"])
        let first = iptables("nat", "NET-1", rules: ["-d 10.88.0.0/16 -j ACCEPT", "! -d 224.0.0.0/4 -j MASQUERADE"])
        let second = iptables("nat", "NET-2", rules: ["-j MASQUERADE"])
        let marked = iptables(
            "nat", "HOSTPORT-MASQ",
            rules: [
                #"-m comment --comment "netavark portfw masq mark" -m mark --mark 0x2000/0x2000 -j MASQUERADE"#,
                #"-m comment --comment "all of it" -j MASQUERADE"#,
            ])
        let ruleset = CompiledRuleset(Netfilter(chains: [post, first, second, marked]))
        let callers = ChainCallers(ruleset, table: "nat")
        func conditions(_ chain: RuleChain) -> [String] { callers.conditions(leadingTo: CompiledChain.Key(chain)) }
        #expect(conditions(first) == ["-s 10.88.0.0/16"])
        #expect(conditions(second) == [] && conditions(marked) == [] && conditions(post) == [])
        let matches = marked.rules.compactMap { NATRule(CompiledRule($0, in: marked)) }.map(\.match)
        #expect(matches == ["-m mark --mark 0x2000/0x2000", nil])
    }
}
