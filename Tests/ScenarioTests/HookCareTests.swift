import Glibc
import LinuxSystem
import Network
import Observations
import Testing
import WalkModel

/// Hooks stay where they belong while others change the rules beside them, and who reads packets has no privileges.
@Suite("Hooks while a run lasts", .enabled(if: SandboxShell.isAvailable))
struct HookCareTests {
    private func walks(_ text: String, to destination: String) throws -> [Walk] {
        try text.split(separator: "\n").drop { $0 != "walks:" }.dropFirst().map { try LabRun.walk($0) }
            .filter { "\($0.destination)" == destination && $0.answers == nil }
    }

    private func hookCount(_ walk: Walk?) -> Int {
        walk?.hops.filter { $0.vantage == .netfilter && $0.namespace == "host" }.count ?? 0
    }

    // MARK: iptables

    private static let actions = [
        ("nft", "iptables-nft-save | grep -v packetwalk: > clean; iptables-nft-restore < clean"),
        ("nft", "iptables-nft -F; iptables-nft -t mangle -F"),
        ("nft", "nft flush ruleset"),
        ("legacy", "iptables-legacy-save | grep -v packetwalk: > clean; iptables-legacy-restore < clean"),
        ("legacy", "iptables-legacy -F; iptables-legacy -A INPUT -p udp -j ACCEPT"),
    ]

    @Test("hooks laid by iptables are laid again after a reload, once told, and go at the end", arguments: actions)
    func reload(backend: String, action: String) throws {
        let shell = try SandboxShell(
            """
            iptables-\(backend) -A INPUT -p udp -j ACCEPT; iptables-\(backend) -A OUTPUT -p udp -j ACCEPT
            "$P" trace --packets --format json --hooks iptables icmp > walks 2> warnings & trace=$!
            armed walks
            own() { { iptables-nft-save; iptables-legacy-save; } 2>/dev/null | grep -c packetwalk:; }
            laid() { [ $(own) = $before ]; }
            before=$(own); echo before=$before
            for time in 1 2; do
                \(action)
                until_true 50 laid; echo again$time=$(own)
            done
            ip addr add 192.0.2.9/24 dev veth0
            sleep 1
            ping -c 1 -W 1 -I 192.0.2.9 192.0.2.2 > /dev/null
            sleep 1
            kill -INT $trace; wait $trace
            echo after=$(own)
            cat warnings
            echo walks:
            cat walks
            """)
        let before = try #require(shell["before"].flatMap { Int($0) })
        #expect(before > 0, "\(shell.text)\(shell.errorText)")
        #expect(shell["again1"] == "\(before)" && shell["again2"] == "\(before)", "\(shell.text)")
        #expect(shell["after"] == "0", "\(shell.text)")
        let told = shell.text.split(separator: "\n").filter {
            $0.contains("hooks in host went with the rules that they stood among, and are laid again")
        }
        #expect(told.count == 1, "\(shell.text)")
        let seen = try walks(shell.text, to: "192.0.2.2")
        let last = try #require(seen.last { "\($0.source)" == "192.0.2.9" }, "\(shell.text)")
        #expect(last.outcome == .delivered)
        #expect(hookCount(last) > 0 && hookCount(last) == hookCount(seen.first), "\(shell.text)")
    }

    @Test("nothing stays of hooks that were laid again where the run is killed", arguments: ["nft", "legacy"])
    func killed(backend: String) throws {
        let shell = try SandboxShell(
            """
            iptables-\(backend) -A INPUT -p udp -j ACCEPT
            own() { { iptables-nft-save; iptables-legacy-save; } 2>/dev/null | grep -c packetwalk:; }
            rules() { { iptables-nft-save; iptables-legacy-save; } 2>/dev/null | grep -v '^#' | sed 's/\\[.*//'; }
            rules > rules.before
            "$P" trace --packets --format json --hooks iptables icmp > walks 2> warnings & trace=$!
            armed walks
            laid() { [ $(own) = $before ]; }
            before=$(own); echo before=$before
            iptables-\(backend)-save | grep -v packetwalk: > clean; iptables-\(backend)-restore < clean
            until_true 50 laid; echo again=$(own)
            kill -9 $trace; wait $trace
            gone() { [ $(own) = 0 ]; }
            until_true 100 gone
            echo after=$(own)
            iptables-\(backend)-save | grep -c 'INPUT -p udp' | sed 's/^/theirs=/'
            """)
        #expect(shell["before"] != "0" && shell["again"] == shell["before"], "\(shell.text)\(shell.errorText)")
        #expect(shell["after"] == "0" && shell["theirs"] == "1", "\(shell.text)")
    }

    // MARK: Chains that come later

    private static let hooks = ["nftables", "iptables"] + (geteuid() == 0 ? ["bpf"] : [])

    @Test("a chain that comes to an empty namespace is enclosed, and its rules are traced", arguments: hooks)
    func newChain(hooks: String) throws {
        let shell = try SandboxShell(
            """
            "$P" trace --packets --format json --hooks \(hooks) icmp > walks 2> warnings & trace=$!
            armed walks || { cat warnings; exit 8; }
            ip netns exec router nft -f - <<'RULES'
            table ip mine { chain in { type filter hook input priority 0; icmp type echo-request counter accept; }; }
            RULES
            sleep 2
            ip addr add 192.0.2.9/24 dev veth0
            sleep 1
            ping -c 1 -W 1 -I 192.0.2.9 192.0.2.2 > /dev/null
            sleep 1
            ip netns exec router nft add rule ip mine in icmp type echo-request drop
            ip netns exec router nft insert rule ip mine in ip saddr 192.0.2.9 drop
            sleep 1
            ping -c 1 -W 1 -I 192.0.2.9 192.0.2.2 > /dev/null
            sleep 1
            kill -INT $trace; wait $trace
            echo left=$(ip netns exec router nft list ruleset | grep -c packetwalk)
            cat warnings
            echo walks:
            cat walks
            """, privileged: hooks == "bpf")
        let seen = try walks(shell.text, to: "192.0.2.2")
        func inputs(_ walk: Walk?) -> [String] {
            walk?.hops.filter { $0.vantage == .netfilter && $0.namespace == "router" && $0.hook == .input }.map {
                $0.edge?.rawValue ?? ""
            } ?? []
        }
        #expect(inputs(seen.first) == ["before"], "\(shell.text)\(shell.errorText)")
        let late = seen.filter { "\($0.source)" == "192.0.2.9" }
        try #require(late.count == 2, "\(shell.text)")
        // Behind the filter table nothing of iptables follows at input but the security table, where there is one.
        if hooks != "iptables" {
            #expect(inputs(late[0]) == ["before", "after"], "\(shell.text)")
            #expect(late[0].hops.contains { !$0.rules.isEmpty }, "\(shell.text)")
        }
        #expect(late[0].outcome == .delivered && late[0].losses.isEmpty, "\(shell.text)")
        #expect(late[1].outcome == .dropped, "\(shell.text)")
        #expect(inputs(late[1]) == ["before"], "\(shell.text)")
        #expect(shell["left"] == "0", "\(shell.text)")
    }

    // MARK: Privileges

    private static let plans =
        ["--hooks auto", "--hooks iptables"]
        + (geteuid() == 0 ? ["--hooks bpf --links bpf"] : [])

    @Test("the threads that read packets have no capability, and run no other program", arguments: plans)
    func privileges(options: String) throws {
        let shell = try SandboxShell(
            """
            "$P" trace --packets --format json \(options) icmp > walks 2> warnings & trace=$!
            armed walks || { cat warnings; exit 8; }
            for task in /proc/$trace/task/*; do
                awk '/^(Name|CapEff|CapPrm|NoNewPrivs|Seccomp):/ { printf "%s ", $2 } END { print "" }' $task/status
            done
            kill -INT $trace; wait $trace
            """, privileged: options.contains("bpf"))
        let threads = shell.text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            .filter { $0.count == 5 }
        for name in ["pw-read", "pw-stamp"] {
            let thread = try #require(threads.first { $0[0] == name }, "\(shell.text)\(shell.errorText)")
            #expect(UInt64(thread[1], radix: 16) == 0 && UInt64(thread[2], radix: 16) == 0, "\(thread)")
            #expect(thread[3] == "1" && thread[4] == "2", "\(thread)")
        }
        let arming = try #require(threads.first { $0[0] == "pw-arm" }, "\(shell.text)")
        #expect(UInt64(arming[1], radix: 16) != 0 && arming[4] != "2", "\(arming)")
    }
}
