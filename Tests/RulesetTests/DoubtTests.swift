import Network
import Testing

@testable import Ruleset

/// What follows from a condition that can't be told, in rules as libnftables writes them.
@Suite("Rules after one that can't be told")
struct DoubtTests {
    private static let unknown = #"{"match":{"op":"==","left":{"meta":{"key":"cpu"}},"right":0}}"#
    private static let mark = #"{"mangle":{"key":{"meta":{"key":"mark"}},"value":5}}"#

    private static func run(
        _ rules: [String], others: [RuleChain] = [], counted: [UInt64?] = [], before: [UInt64?] = []
    ) -> HookResult {
        func chain(_ counts: [UInt64?]) -> RuleChain {
            var chain = nft("forward", hook: .forward, rules: rules.map { "[\($0)]" })
            for (index, count) in counts.enumerated() { chain.rules[index].packets = count }
            return chain
        }
        let namespace = RuleNamespace.host([chain(counted)] + others)
        let site = RuleSite(namespace: namespace, inDevice: "mybridge", outDevice: "eth0")
        var traversal = HookTraversal(site: site, hook: .forward, families: ["ip", "inet"])
        if !before.isEmpty { traversal.before = Netfilter(chains: [chain(before)] + others) }
        return traversal.run(RuleNamespace.packet)
    }

    @Test("a mark that is set where the packet may not come any more is not known", arguments: ["accept", "return"])
    func afterVerdict(verdict: String) {
        let result = Self.run(["\(Self.unknown),{\"\(verdict)\":null}", Self.mark])
        #expect(!result.packet.isMarkKnown && !result.isCertain)
    }

    @Test("a mark that is set behind a doubtful drop is, since a packet that gets there has it")
    func afterDrop() {
        let result = Self.run(["\(Self.unknown),{\"drop\":null}", Self.mark])
        #expect(result.packet.isMarkKnown && result.packet.mark == 5)
        #expect(result.possible.count == 1 && result.leavesDoubt)
    }

    @Test("a doubtful mark is not known, until another is set")
    func afterMark() {
        #expect(!Self.run(["\(Self.unknown),\(Self.mark)"]).packet.isMarkKnown)
        #expect(Self.run(["\(Self.unknown),\(Self.mark)", Self.mark]).packet.isMarkKnown)
    }

    @Test("a chain inside a rule may do what its words say, and what stands behind it is open")
    func block() {
        let result = Self.run([#""jump {\n\t\ttcp dport 443 drop\n\t}""#, #"{"drop":null}"#])
        #expect(result.possible.first?.rule.position == 1)
        #expect(result.ending?.rule.position == 2 && !result.isCertain)
        #expect(Self.run([#""jump {\n\t\tcounter\n\t}""#]).possible.isEmpty)
    }

    @Test("of a verdict map whose key is not known each action is possible")
    func map() {
        let map = #"{"vmap":{"key":{"meta":{"key":"cpu"}},"data":{"set":[[0,{"drop":null}],[1,{"accept":null}]]}}}"#
        let result = Self.run([map, Self.mark])
        #expect(result.possible.count == 1 && !result.packet.isMarkKnown)
    }

    @Test("`*` in a verdict map stands for what no other key is")
    func anyKey() {
        let map =
            #"{"vmap":{"key":{"meta":{"key":"l4proto"}},"data":{"set":[["*",{"drop":null}],["tcp",{"accept":null}]]}}}"#
        #expect(Self.run([map]).ending == nil)
    }

    @Test("a rule whose counter did not rise did not match")
    func counters() {
        let rules = [
            #"\#(Self.unknown),{"counter":{"packets":0,"bytes":0}},{"drop":null}"#,
            #"{"counter":{"packets":0,"bytes":0}},{"drop":null}"#,
        ]
        let still = Self.run(rules, counted: [7, 9], before: [7, 8])
        #expect(still.ending?.rule.position == 2 && still.isCertain && still.ending?.rise == 1)
        let risen = Self.run(rules, counted: [8, 8], before: [7, 8])
        #expect(risen.possible.first?.rise == 1 && risen.ending?.rise == 0 && !risen.isCertain)
        // Counted before the condition that can't be told: that says nothing of it.
        let early = [#"{"counter":{"packets":0,"bytes":0}},\#(Self.unknown),{"drop":null}"#]
        #expect(Self.run(early, counted: [7], before: [7]).possible.count == 1)
    }

    @Test("a set that rules write to is not what it was when the packet came")
    func writtenSet() {
        let named = NamedSet(family: "inet", table: "t", name: "s", isMap: false, elements: #"["172.19.0.2"]"#)
        let asks =
            #"[{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"@s"}},{"drop":null}]"#
        let writes =
            #"[{"set":{"op":"add","elem":{"payload":{"protocol":"ip","field":"saddr"}},"set":"@s"}}]"#
        func ending(_ rules: [String]) -> HookResult {
            let site = RuleNamespace.site(nft("forward", hook: .forward, rules: rules), sets: [named])
            return HookTraversal(site: site, hook: .forward, families: ["inet"]).run(RuleNamespace.packet)
        }
        #expect(ending([asks]).ending != nil)
        #expect(ending([asks, writes]).ending == nil && ending([asks, writes]).possible.count == 1)
    }
}
