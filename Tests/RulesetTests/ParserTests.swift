import LinuxSystem
import Network
import TestSupport
import Testing
import Wire

@testable import Discovery
@testable import Ruleset

/// Texts of rules against their steps, and back.
@Suite("Reading and printing rules")
struct ParserTests {
    static func one(_ text: String) -> RuleValue { .addresses(address(text)...address(text)) }

    @Test(
        "iptables",
        arguments: [
            (
                "-s 10.0.0.0/8 -j DROP",
                [.match(Match(.address(.source, nil), [.prefix(prefix("10.0.0.0/8"))])), .action(.drop)]
            ),
            (
                "! -o br+ -j ACCEPT",
                [
                    .match(Match(.device(.out, isIndex: false), [.device("br", isPrefix: true)], isNegated: true)),
                    .action(.accept),
                ]
            ),
            (
                "-p tcp -m tcp --dport 80:90 -j REJECT --reject-with tcp-reset",
                [
                    .match(Match(.transportProtocol(nil), [.number(6)])),
                    .match(Match(.port(.destination, nil), [.numbers(80...90)])), .action(.reject("tcp-reset")),
                ]
            ),
            (
                "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j RETURN",
                [
                    .match(Match(.transportProtocol(nil), [.number(6)])),
                    .match(Match(.tcpFlags, [.number(2)], mask: 23)), .action(.return),
                ]
            ),
            (
                "-m mark ! --mark 0x4/0xff -g KUBE",
                [.match(Match(.mark, [.number(4)], mask: 0xff, isNegated: true)), .action(.goto("KUBE"))]
            ),
            (
                "-p icmp -m icmp --icmp-type 3/1 -j DROP",
                [
                    .match(Match(.transportProtocol(nil), [.number(1)])),
                    .match(
                        Match(
                            .concatenation([.icmpType(isIPv6: false), .icmpCode(isIPv6: false)]),
                            [.tuple([.number(3), .number(1)])])), .action(.drop),
                ]
            ),
            (
                "-m set ! --match-set bad src,dst -m socket -m comment --comment \"a \\\"b\\\" -j X\" -j NFLOG",
                [
                    .match(Match(.ipset(name: "bad", directions: "src,dst"), isNegated: true)),
                    .match(.other("-m socket")), .action(.log),
                ]
            ),
            (
                "-m owner --uid-owner 33 -m limit --limit 5/min -j MARK --set-xmark 0x1/0x3",
                [
                    .match(Match(.socketOwner(isGroup: false), [.number(33)])),
                    .match(Match(.limit("-m limit --limit 5/min"))), .action(.setMark(1, mask: 3)),
                ]
            ),
            (
                "-j DNAT --to-destination [fd00::2]:80-90",
                [
                    .action(
                        .destinationTranslation(TranslationTarget(addresses: one("fd00::2"), ports: 80...90)))
                ]
            ),
        ] as [(String, [CompiledRule.Step])])
    func iptablesSteps(text: String, steps: [CompiledRule.Step]) { #expect(compile(text).steps == steps) }

    @Test(
        "nftables",
        arguments: [
            (
                #"{"match":{"op":"in","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":"syn"}}"#,
                Match(.tcpFlags, [.number(0)], mask: 2, isNegated: true)
            ),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"tcp","field":"flags"}},"right":{"set":[{"|":["syn","ack"]},"syn"]}}}"#,
                Match(.tcpFlags, [.number(18), .number(2)])
            ),
            (
                #"{"match":{"op":"<","left":{"payload":{"protocol":"ip","field":"ttl"}},"right":5}}"#,
                Match(.timeToLive(.ipv4), [.numbers(0...4)])
            ),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"icmp","field":"type"}},"right":{"range":["timestamp-request","info-request"]}}}"#,
                Match(.icmpType(isIPv6: false), [.numbers(13...15)])
            ),
            (
                #"{"match":{"op":"!=","left":{"meta":{"key":"iifname"}},"right":{"set":["a","b*"]}}}"#,
                Match(
                    .device(.in, isIndex: false), [.device("a", isPrefix: false), .device("b", isPrefix: true)],
                    isNegated: true)
            ),
            (
                #"{"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"daddr"}},"right":{"range":["10.0.0.1","10.0.0.9"]}}}"#,
                Match(.address(.destination, .ipv4), [.addresses(address("10.0.0.1")...address("10.0.0.9"))])
            ),
            (#"{"limit":{"rate":5,"per":"second"}}"#, Match(.limit("limit"))),
            (
                #"{"match":{"op":"==","left":{"ct":{"key":"saddr","dir":"original"}},"right":"10.0.0.1"}}"#,
                Match(.other("ct saddr"), [.unreadable("10.0.0.1")])
            ),
        ] as [(String, Match)])
    func nftablesMatch(json: String, match: Match) { #expect(compile(json: "[\(json)]").matches == [match]) }

    @Test(
        "actions of nftables",
        arguments: [
            (
                #"{"mangle":{"key":{"meta":{"key":"mark"}},"value":{"|":[{"meta":{"key":"mark"}},16384]}}}"#,
                .setMark(0x4000, mask: 0x4000)
            ),
            (#"{"mangle":{"key":{"meta":{"key":"mark"}},"value":{"ct":{"key":"mark"}}}}"#, .restoreMark(mask: .max)),
            (#"{"mangle":{"key":{"ct":{"key":"mark"}},"value":5}}"#, .write(.connectionMark, 5)),
            (#"{"reject":{"type":"icmpx","expr":"admin-prohibited"}}"#, .reject("icmpx admin-prohibited")),
            (
                #"{"dnat":{"family":"ip","addr":{"range":["1.2.3.4","1.2.3.9"]},"port":{"range":[80,90]}}}"#,
                .destinationTranslation(
                    TranslationTarget(
                        addresses: .addresses(address("1.2.3.4")...address("1.2.3.9")), ports: 80...90, family: .ipv4))
            ),
            (
                #"{"dnat":{"addr":{"map":{"key":1,"data":2}}}}"#,
                .destinationTranslation(TranslationTarget(isComputed: true))
            ),
            (#"{"redirect":{"port":8080}}"#, .redirect(TranslationTarget(ports: 8080...8080))),
            (#"{"masquerade":{"flags":"random"}}"#, .masquerade(TranslationTarget())),
            (#"{"frob":1}"#, .other("frob")),
        ] as [(String, RuleAction)])
    func nftablesAction(json: String, action: RuleAction) { #expect(compile(json: "[\(json)]").actions == [action]) }

    @Test("every iptables rule reads again as it is printed", arguments: FieldRules.files.filter { $0.hasPrefix("ip") })
    func iptablesRoundTrip(file: String) throws {
        for chain in try FieldRules.namespace(file).netfilter.compiled.chains {
            for rule in chain.rules {
                #expect(compile(rule.description).steps == rule.steps, "\(rule.text)")
            }
        }
    }

    @Test("random iptables rules read again as they are printed", arguments: [11, 12, 13] as [UInt64])
    func randomRoundTrip(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let rule = RandomRule(&random)
            let compiled = compile(rule.iptables)
            #expect(compile(compiled.description).steps == compiled.steps, "\(rule.iptables)")
        }
    }

    @Test("nft takes the rules that are printed, and lists them the same", .enabled(if: FieldRules.canListNftables))
    func nftablesRoundTrip() throws {
        var random = SeededGenerator(seed: 14)
        let rules = (0..<200).map { _ in compile(json: RandomRule(&random).nftables) }
        let text =
            "table inet t {\n chain one { }\n chain c {\n" + rules.map { "  \($0)\n" }.joined() + " }\n}\n"
        let output = try Command(["unshare", "-Urn", "sh", "-c", "nft -f - && nft -j list ruleset"]).run(
            input: Array(text.utf8))
        try #require(output.status == 0, "\(output.errorText)")
        let listed = try NFTablesRuleset(json: output.standardOutput).chains.first { $0.name == "c" }
        let compiled = try #require(listed).rules.map { CompiledRule($0, in: nft("c", rules: [])) }
        try #require(compiled.count == rules.count)
        for (one, other) in zip(compiled, rules) { #expect(one.description == other.description) }
    }
}
