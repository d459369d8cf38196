import Network
import Testing
import WalkModel

/// Which rule is named where neither hooks nor the rule trace tell: the conditions of the rules and their counters do.
///
/// A SYN goes from `client` through the router to `far`. What each case must name follows from what the kernel does with
/// these rules, as the counters that the test reads show.
@Suite("Without hooks and rule trace", .enabled(if: SandboxShell.isAvailable), .timeLimit(.minutes(3)))
struct RuleCauseTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var name: String
        /// What the router loads: a script for the shell, run there.
        var rules: String
        /// Stands in the text of the rule that is to be named.
        var cause: String
        var isCertain = true
        var code: FindingCode = "rule-drop"
        var destination = "198.51.100.2"

        var testDescription: String { name }
    }

    private static func forward(_ rules: String, sets: String = "", before: String = "") -> String {
        """
        nft -f - <<'N'
        table inet t {
        \(sets)
        \(before)
        chain fw {
        type filter hook forward priority filter
        \(rules)
        }
        }
        N
        """
    }

    private static func set(_ flags: String) -> String {
        "set dyn {\ntype ipv4_addr\nsize 1024\nflags \(flags)\n}"
    }

    static let cases: [Case] = [
        Case(
            name: "a rate in a set that is not exceeded",
            rules: forward(
                """
                tcp dport 80 ct state new add @dyn { ip saddr limit rate over 100/minute burst 100 packets } counter drop comment "A"
                counter drop comment "B"
                """, sets: set("dynamic,timeout\ntimeout 1m")), cause: "\"B\""),
        Case(
            name: "a count of connections in a set that is not exceeded",
            rules: forward(
                """
                tcp dport 80 ct state new add @dyn { ip saddr ct count over 20 } counter reject comment "A"
                counter drop comment "B"
                """, sets: set("dynamic")), cause: "\"B\""),
        Case(
            name: "the TTL at forward is one less",
            rules: forward("ip ttl 64 counter drop comment \"A\"\ncounter drop comment \"B\""), cause: "\"B\""),
        Case(
            name: "a mark set with or",
            rules: forward(
                """
                meta mark set meta mark | 0x10 meta mark 0x10 counter drop comment "A"
                counter drop comment "B"
                """), cause: "\"A\""),
        Case(
            name: "a mark from the connection",
            rules: """
                iptables -A FORWARD -j CONNMARK --set-mark 5; iptables -A FORWARD -j CONNMARK --restore-mark
                iptables -A FORWARD -m mark --mark 5 -m comment --comment A -j DROP
                iptables -A FORWARD -m comment --comment B -j DROP
                """, cause: "--comment A"),
        Case(
            name: "a condition that can't be told, at an earlier hook",
            rules: forward(
                "counter drop comment \"B\"",
                before: """
                    chain pre {
                    type filter hook prerouting priority raw
                    ip saddr 192.0.2.1 meta pkttype host counter drop comment "A"
                    }
                    """), cause: "\"A\""),
        Case(
            name: "of equal priorities the chain that was made last",
            rules: """
                for t in first second; do
                    nft "table inet $t { chain fw { type filter hook forward priority 0; counter drop comment \\"$t\\"; }; }"
                done
                """, cause: "\"second\""),
        Case(
            name: "a translation to an address from a map",
            rules: translation("tcp dport map { 80 : 198.51.100.2 }"), cause: "\"A\"", code: "dnat-not-forwarded",
            destination: "192.0.2.2"),
        Case(
            name: "a translation to one of two addresses",
            rules: translation("numgen inc mod 2 map { 0 : 198.51.100.2, 1 : 198.51.100.3 }"), cause: "\"A\"",
            isCertain: false, code: "dnat-not-forwarded", destination: "192.0.2.2"),
        Case(
            name: "a translation by chance whose counter rose",
            rules: """
                iptables -t nat -A PREROUTING -p tcp --dport 80 -m statistic --mode random --probability 1 \\
                    -j DNAT --to-destination 198.51.100.2
                iptables -A FORWARD -d 198.51.100.2 -j DROP
                iptables -A INPUT -p tcp --dport 80 -j DROP
                """, cause: "-A FORWARD", isCertain: false, code: "dnat-not-forwarded", destination: "192.0.2.2"),
        Case(
            name: "a chain inside a rule",
            rules: forward("jump { tcp dport 80 drop; }\ncounter drop comment \"B\""), cause: "jump {"),
        Case(
            name: "a condition that can't be told, and the rule behind counts nothing",
            rules: forward("meta cpu >= 0 drop comment \"A\"\ncounter drop comment \"B\""), cause: "\"A\""),
        Case(
            name: "a condition that can't be told, of a rule that counts nothing",
            rules: forward("meta cpu > 1000 counter drop comment \"A\"\ndrop comment \"B\""), cause: "\"B\""),
        Case(
            name: "a condition that can't be told, and no counter",
            rules: forward("meta cpu >= 0 drop comment \"A\"\ndrop comment \"B\""), cause: "\"A\"", isCertain: false),
    ]

    private static func translation(_ target: String) -> String {
        """
        nft -f - <<'N'
        table ip t {
        chain pre {
        type nat hook prerouting priority dstnat
        tcp dport 80 dnat to \(target)
        }
        chain fw {
        type filter hook forward priority filter
        ip daddr 198.51.100.0/24 counter drop comment "A"
        }
        chain inp {
        type filter hook input priority filter
        tcp dport 80 counter drop comment "B"
        }
        }
        N
        """
    }

    @Test("names the rule that acted, and is certain only where that can be told", arguments: cases)
    func cause(of fault: Case) throws {
        let run = try SandboxShell(
            """
            ip netns add far; ip netns add client
            ip link set veth0 netns client; ip -n client addr add 192.0.2.1/24 dev veth0; ip -n client link set veth0 up
            ip link add veth2 netns router type veth peer name eth0 netns far
            ip -n far link set eth0 up; ip -n far addr add 198.51.100.2/24 dev eth0
            ip -n far route add default via 198.51.100.1
            ip -n router link set veth2 up; ip -n router addr add 198.51.100.1/24 dev veth2
            ip netns exec router sysctl -qw net.ipv4.ip_forward=1
            ip -n client route add 198.51.100.0/24 via 192.0.2.2
            cat >rules.sh <<'END'
            \(fault.rules)
            END
            ip netns exec router sh -e rules.sh || exit 80
            $P explain --from client --wait 1 --tcp 80 \(fault.destination) --hooks none --rules none --drops counters --packets --format json
            """)
        let line = try #require(
            run.text.split(separator: "\n").first { $0.hasPrefix("{") }, "\(run.status) \(run.errorText)")
        let walk = try LabRun.walk(line)
        let finding = try #require(walk.findings.first)
        #expect(finding.rule?.text?.contains(fault.cause) == true, "\(finding.message)")
        #expect(finding.code == fault.code)
        #expect((finding.severity == .error) == fault.isCertain, "\(finding.severity): \(finding.message)")
        #expect(!run.errorText.contains("json callback"), "\(run.errorText)")
    }
}
