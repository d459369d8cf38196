import Glibc
import LinuxSystem
import Observations
import Testing
import Network
import WalkModel

/// What can be wrong around a run: it ends with the exit status of the contract and one clear line, or goes on rightly.
@Suite("Where", .serialized, .enabled(if: SandboxShell.isAvailable), .timeLimit(.minutes(3)))
struct HostileCircumstancesTests {
    /// The status, and that standard error holds one line with `words`, and nothing that a terminal should not get.
    private func expectError(
        _ run: SandboxShell, status: Int32, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let lines = run.errorText.split(separator: "\n")
        #expect(run.status == status, "\(run.text)\(run.errorText)", sourceLocation: sourceLocation)
        #expect(lines.count == 1, "\(run.errorText)", sourceLocation: sourceLocation)
        #expect(lines.first?.hasPrefix("packetwalk: ") == true, "\(run.errorText)", sourceLocation: sourceLocation)
        for word in words {
            #expect(run.errorText.contains(word), "\(run.errorText)", sourceLocation: sourceLocation)
        }
        #expect(run.rawControl == nil, sourceLocation: sourceLocation)
    }

    // MARK: Privilege

    @Test(
        "the caller has no capability, what needs one says so, and what to do",
        arguments: ["trace --duration 1", "record -o x --duration 1", "explain --from host 192.0.2.2"])
    func noCapabilities(words: String) throws {
        let run = try SandboxShell("capsh --drop=all -- -c '$P \(words)'")
        expectError(run, status: 77, ["cannot ", "run it as root"])
    }

    @Test("the caller has no capability, its own network can still be drawn")
    func mapWithoutCapabilities() throws {
        let run = try SandboxShell("capsh --drop=all -- -c '$P map'")
        #expect(run.status == 0 && run.text.contains("veth0"), "\(run.errorText)")
    }

    @Test("the caller is not root, a trace says so", .enabled(if: getuid() == 0, "needs root to become somebody else"))
    func notRoot() throws {
        let run = try SandboxShell(
            "setpriv --reuid 65534 --regid 65534 --clear-groups -- $P trace --duration 1", privileged: true)
        expectError(run, status: 77, ["cannot ", "run it as root"])
    }

    @Test("user namespaces are forbidden, a lab names the setting")
    func noUserNamespaces() throws {
        let run = try SandboxShell(
            "echo 0 >/proc/sys/user/max_user_namespaces; capsh --drop=all -- -c '$P lab run namespace-to-wan'")
        expectError(run, status: 69, ["cannot make a sandbox", "user.max_user_namespaces"])
    }

    // MARK: Programs

    /// Runs `script` where the programs whose names begin so are nowhere to be found.
    private func without(_ programs: String, _ script: String) -> String {
        """
        mkdir /mnt/path; ln -s /usr/bin/* /bin/* /mnt/path/ 2>/dev/null
        for name in \(programs); do rm -f /mnt/path/$name /mnt/path/$name-*; done
        cp $(command -v sysctl) $(command -v iptables) /mnt/path/
        for folder in /usr/sbin /sbin /usr/local/sbin; do [ -d $folder ] && mount -t tmpfs none $folder; done
        export PATH=/mnt/path
        \(script)
        """
    }

    @Test("iptables is missing, a trace that asks for its hooks says so and goes on without")
    func noIptables() throws {
        let run = try SandboxShell(
            without(
                "iptables ip6tables xtables",
                "$P trace --hooks iptables icmp -- ping -c 1 -W 2 192.0.2.2 2>errors; echo status=$?; cat errors >&2"))
        #expect(run["status"] == "0", "\(run.errorText)")
        #expect(run.errorText.contains("iptables is not installed; apt install iptables"), "\(run.errorText)")
        #expect(run.text.contains("192.0.2.2"), "\(run.text)")
    }

    @Test("nft is missing, hooks are laid by the library all the same")
    func noNft() throws {
        let run = try SandboxShell(
            without(
                "nft",
                "$P trace --packets --format json --hooks nftables icmp -- ping -c 1 -W 2 192.0.2.2; echo status=$?"))
        #expect(run["status"] == "0", "\(run.errorText)")
        #expect(run.text.contains("\"hook\":\"postrouting\""), "\(run.text)\(run.errorText)")
    }

    @Test("ip is missing, a lab names it", arguments: ["ip", "ping"])
    func noProgramForLab(program: String) throws {
        let run = try SandboxShell(without(program, "$P lab run --trace namespace-to-wan"))
        // ip is missed when the lab is built, ping by the lab's own sender: the neighbour is asked for, and no more.
        #expect(run.status == (program == "ip" ? 69 : 1), "\(run.text)\(run.errorText)")
        let complaint = program == "ip" ? "ip: not found" : "exec of \"ping\" failed: No such file"
        #expect(run.errorText.contains(complaint), "\(run.errorText)")
        #expect(run.rawControl == nil)
    }

    @Test("programs are missing, doctor names the packages that bring them")
    func doctorNamesPackages() throws {
        let run = try SandboxShell(without("ip nft iptables ip6tables ping", "$P doctor"))
        for package in ["iproute2", "nftables", "iptables", "iputils-ping"] {
            #expect(run.text.contains("apt-get install \(package)"), "\(run.text)")
        }
    }

    // MARK: What the user wrote

    @Test(
        "words make no sense, the run ends before anything is touched",
        arguments: [
            ("trace 'icmp and and'", "icmp and and"), ("trace 'host nowhere.invalid'", "nowhere.invalid"),
            ("trace --in nosuch", "nosuch"), ("explain --from nosuch 192.0.2.2", "nosuch"),
            ("explain --from pid:999999 192.0.2.2", "999999"), ("explain --from /run/nosuch 192.0.2.2", "/run/nosuch"),
            ("explain --from host not/an/address", "not/an/address"), ("map --in nosuch", "nosuch"),
            ("trace --count 0", "--count"), ("trace --count 99999999999999999999", "--count"),
            ("trace --duration 0", "--duration"), ("trace --duration nan", "--duration"),
            ("trace --duration 1e300", "--duration"), ("trace --duration -1", "--duration"),
            ("explain --from host --wait inf 192.0.2.2", "--wait"),
            ("explain --from host --tcp 70000 192.0.2.2", "--tcp"),
            ("explain --from host --size 999999999999 192.0.2.2", "--size"),
            ("lab run nosuch", "nosuch"), ("lab run ../../etc", "etc"), ("trace --", "--"), ("nosuch", "nosuch"),
            ("trace --hooks nosuch", "nosuch"), ("record", "output"), ("replay", "replay"),
            ("trace --where 'outcome ='", "--where"),
        ])
    func nonsense(words: String, named: String) throws {
        let run = try SandboxShell("\"$P\" \(words)")
        expectError(run, status: 64, [named])
    }

    @Test("the file to replay is none", arguments: ["/run/nosuch", "/run", "/etc/passwd", "/dev/null"])
    func badFile(path: String) throws {
        let run = try SandboxShell("\"$P\" replay \(path)")
        expectError(run, status: 65, [path])
    }

    @Test(
        "words with escape sequences are shown without them",
        arguments: ["map --in", "trace --in", "lab run", "replay"])
    func escapes(command: String) throws {
        let run = try SandboxShell(#""$P" \#(command) "$(printf 'a\033]0;b\007\033[31mc\302\233d')""#)
        #expect(run.status == 64 || run.status == 65, "\(run.errorText)")
        #expect(run.rawControl == nil)
    }

    @Test("long and large values are taken as they are meant")
    func hugeValues() throws {
        let run = try SandboxShell(
            "$P trace --packets -q --count 9223372036854775807 --duration 999999999 icmp -- ping -c 1 -W 2 192.0.2.2; echo status=$?"
        )
        #expect(run["status"] == "0", "\(run.errorText)")
        #expect(run.text.contains("icmp 192.0.2.1 → 192.0.2.2"))
    }

    // MARK: Output

    @Test(
        "the disk is full, the run ends with 74",
        arguments: [
            "map >/dev/full", "lab list >/dev/full", "doctor --format json >/dev/full",
            "trace icmp -- ping -c 1 192.0.2.2 >/dev/full", "explain --from host 192.0.2.2 >/dev/full",
            "record -o /dev/full icmp -- ping -c 1 192.0.2.2", "record -o /run/nosuch/x --duration 1",
        ])
    func fullDisk(words: String) throws {
        let run = try SandboxShell(
            "$P \(words) 2>errors; status=$?; grep '^packetwalk: cannot' errors >&2; exit $status")
        expectError(run, status: 74, ["cannot "])
    }

    @Test(
        "standard output is closed, nothing is written elsewhere",
        arguments: ["map", "trace icmp -- ping -c 1 192.0.2.2"])
    func closedOutput(words: String) throws {
        let run = try SandboxShell(
            "$P \(words) >&- 2>errors; status=$?; grep '^packetwalk: cannot' errors >&2; exit $status")
        expectError(run, status: 74, ["cannot write the output"])
    }

    @Test("all standard descriptors are closed, a trace still ends")
    func closedDescriptors() throws {
        let run = try SandboxShell("$P trace --duration 1 icmp <&- >&- 2>&-; echo status=$?")
        #expect(run["status"] == "0")
    }

    // MARK: The command behind --

    @Test("the command to trace does not exist, or can't be run")
    func noCommand() throws {
        let missing = try SandboxShell("$P trace -- nosuchprogram")
        expectError(missing, status: 69, ["nosuchprogram", "No such file or directory"])
        let plain = try SandboxShell("echo >file; $P trace -- ./file")
        expectError(plain, status: 77, ["./file", "Permission denied", "executable"])
    }

    @Test("the command to trace ends by a signal, its status is that of a shell")
    func killedCommand() throws {
        let run = try SandboxShell(
            "$P trace --packets -q icmp -- sh -c 'ping -c 1 -W 2 192.0.2.2; kill -KILL $$'; echo status=$?")
        #expect(run["status"] == "137", "\(run.errorText)")
        #expect(run.text.contains("icmp 192.0.2.1 → 192.0.2.2"))
    }

    // MARK: A network that changes

    @Test("a namespace goes away while it is traced, the others are traced on")
    func vanishingNamespace() throws {
        let run = try SandboxShell(
            """
            ip netns add gone; ip link add veth2 type veth peer name veth3 netns gone
            ip link set veth2 up; ip addr add 198.51.100.1/24 dev veth2
            ip -n gone link set veth3 up; ip -n gone addr add 198.51.100.2/24 dev veth3
            $P trace --packets --format json icmp >walks 2>errors & T=$!
            armed walks
            ping -c 1 -W 2 198.51.100.2 >/dev/null
            ip netns del gone; sleep 2
            ping -c 3 -i 0.2 -s 99 192.0.2.2 >/dev/null; sleep 1
            kill -INT $T; wait $T; echo "status=$?"
            echo "gone=$(grep -c '"namespace":"gone"' walks)"
            echo "on=$(grep -c '"length":127' walks)"
            cat errors >&2
            """)
        #expect(["0", "1"].contains(run["status"]), "\(run.errorText)")
        #expect(run["gone"].flatMap { Int($0) } ?? 0 > 0, "\(run.text)\(run.errorText)")
        // Three requests, three replies: a line each.
        #expect(run["on"] == "6", "\(run.text)\(run.errorText)")
    }

    /// A trace to which `change` happens, then one ping of 99 bytes to `address`; gives the devices of its request's
    /// hops, `namespace/device/direction`.
    private func hops(after change: String, to address: String) throws -> (hops: [String], run: SandboxShell) {
        let run = try SandboxShell(
            """
            $P trace --packets --format json icmp >walks 2>errors & T=$!
            armed walks
            \(change)
            sleep 1.5
            ping -c 1 -W 2 -s 99 \(address) >/dev/null || echo ping=failed
            sleep 1
            kill -INT $T; wait $T; echo "status=$?"
            grep '"length":127' walks | grep 'echo request' >request
            cat request; cat errors >&2
            """)
        let line = run.text.split(separator: "\n").last { $0.hasPrefix("{") } ?? ""
        let walk = try LabRun.walk(line)
        return (
            walk.hops.filter { $0.vantage == .link }.map {
                "\($0.namespace)/\($0.device ?? "")/\($0.direction?.rawValue ?? "")"
            }, run
        )
    }

    @Test("a link comes up while tracing, its packets are seen")
    func newLink() throws {
        let (hops, run) = try hops(
            after: """
                ip link add new0 type veth peer name new1 netns router
                ip addr add 198.51.100.1/24 dev new0; ip -n router addr add 198.51.100.2/24 dev new1
                ip link set new0 up; ip -n router link set new1 up
                """, to: "198.51.100.2")
        #expect(hops == ["host/new0/out", "router/new1/in"], "\(run.text)\(run.errorText)")
    }

    @Test("a link is renamed while tracing, its packets bear the new name")
    func renamedLink() throws {
        let (hops, run) = try hops(
            after:
                "ip -n router link set veth1 down; ip -n router link set veth1 name wan; ip -n router link set wan up",
            to: "192.0.2.2")
        #expect(hops == ["host/veth0/out", "router/wan/in"], "\(run.text)\(run.errorText)")
    }

    @Test("a link moves to another namespace while tracing, its packets are seen there")
    func movedLink() throws {
        let (hops, run) = try hops(
            after: """
                ip netns add other; ip link set veth0 netns other
                ip -n other link set veth0 up; ip -n other addr add 192.0.2.9/24 dev veth0
                ping() { ip netns exec other /usr/bin/env ping "$@"; }
                """, to: "192.0.2.2")
        #expect(hops == ["other/veth0/out", "router/veth1/in"], "\(run.text)\(run.errorText)")
    }

    @Test("no link is up, a trace waits and an explanation says why nothing is sent")
    func noLinkUp() throws {
        let run = try SandboxShell(
            """
            ip link set lo down; ip link del veth0
            $P trace --duration 1; echo "trace=$?"
            $P explain --from host --format json 192.0.2.2; echo "explain=$?"
            """)
        #expect(run["trace"] == "0" && run["explain"] == "1", "\(run.errorText)")
        #expect(run.text.contains("\"outcome\":\"unsent\""), "\(run.text)")
    }

    // MARK: Names

    @Test("names hold escape sequences, no output does", arguments: ["text", "json", "mermaid", "dot", "svg", "html"])
    func hostileNames(format: String) throws {
        let run = try SandboxShell(
            #"""
            evil=$(printf 'e\033[2J\302\233x'); device=$(printf 'd\033[2J\001')
            ip netns add "$evil"
            ip link add "$device" type veth peer name "$device" netns "$evil"
            ip link set "$device" up; ip addr add 198.51.100.1/24 dev "$device"
            ip -n "$evil" link set "$device" up; ip -n "$evil" addr add 198.51.100.2/24 dev "$device"
            ip netns exec "$evil" iptables-legacy -A INPUT -p udp -m comment --comment "$(printf 'c\033]0;t\007')" -j DROP
            $P map --format \#(format) || echo "map=$?"
            [ \#(format) = json ] && $P map --format json >map.json
            $P trace -v --format \#(format) icmp -- ping -c 1 -W 2 198.51.100.2 2>errors || echo "trace=$?"
            $P explain --from "$evil" --format \#(format) 198.51.100.1 || echo "explain=$?"
            $P explain --from host --udp 9 --format \#(format) 198.51.100.2
            echo "explained=$?"; grep '^packetwalk' errors
            """#)
        #expect(run.rawControl == nil, "\(run.text.debugDescription)")
        #expect(run["map"] == nil && run["trace"] == nil && run["explain"] == nil, "\(run.text)\(run.errorText)")
        #expect(run["explained"] == "1")
    }

    @Test("a device's name is no UTF-8, its packets are seen all the same")
    func nameOfAnyBytes() throws {
        let (hops, run) = try hops(
            after: #"""
                device=$(printf 'd\377\303'); other=$(printf 'd\376')
                ip link add "$device" type veth peer name "$other" netns router
                ip addr add 198.51.100.1/24 dev "$device"; ip -n router addr add 198.51.100.2/24 dev "$other"
                ip link set "$device" up; ip -n router link set "$other" up
                """#, to: "198.51.100.2")
        #expect(hops == ["host/d\\xff\\xc3/out", "router/d\\xfe/in"], "\(run.text)\(run.errorText)")
    }

    // MARK: Others that send

    /// The large pings of others are refused at once; the small one that is explained waits for a gateway that is none.
    @Test("others ping the same address and are refused, an explanation is of its own packet", arguments: ["4", "6"])
    func foreignErrors(version: String) throws {
        let run = try SandboxShell(
            """
            ip netns add far; ip -n router link add r1 type veth peer name f0 netns far
            ip -n router link set r1 up; ip -n far link set f0 up
            if [ \(version) = 6 ]; then
                ip addr add 2001:db8:1::1/64 dev veth0 nodad; ip -n router addr add 2001:db8:1::2/64 dev veth1 nodad
                ip -n router addr add 2001:db8:2::1/64 dev r1 nodad
                ip route add 2001:db8:3::/64 via 2001:db8:1::2
                ip -n router route add 2001:db8:3::/64 via 2001:db8:2::9
                to=2001:db8:3::1 size="ip6 length" forwarding=net.ipv6.conf.all.forwarding
            else
                ip -n router addr add 198.51.100.1/24 dev r1
                ip route add 203.0.113.0/24 via 192.0.2.2
                ip -n router route add 203.0.113.0/24 via 198.51.100.9
                to=203.0.113.1 size="ip length" forwarding=net.ipv4.ip_forward
            fi
            ip netns exec router sysctl -q -w $forwarding=1 net.ipv\(version).neigh.r1.retrans_time_ms=300
            # No limit to the rate of errors, for any of their types.
            ip netns exec router sysctl -q -w net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratemask=
            ip netns exec router nft add table inet t
            ip netns exec router nft add chain inet t c '{ type filter hook forward priority 0; }'
            ip netns exec router nft add rule inet t c $size '>' 500 reject
            ping -i 0.02 -c 2000 -s 1000 -q $to >/dev/null 2>&1 & F=$!
            sleep 0.3
            $P explain --from host --format json $to; echo "status=$?"
            kill $F
            """)
        #expect(run["status"] == "1", "\(run.errorText)")
        let walks = try run.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map { try LabRun.walk($0) }
        #expect(walks.first?.outcome == .rejected, "\(run.text)\(run.errorText)")
        let causes = walks.compactMap(\.findings.first)
        #expect(causes.map(\.code) == ["gateway-unreachable"], "\(run.text)\(run.errorText)")
        #expect(causes.first?.where.namespace == "router" && causes.first?.where.device == "r1")
    }

    @Test("a shaped link holds packets for longer than a walk is quiet, each is one walk")
    func shapedLink() throws {
        let run = try SandboxShell(
            """
            ping -c 1 -W 2 192.0.2.2 >/dev/null
            tc qdisc add dev veth0 root tbf rate 64kbit burst 1600 latency 5s
            # More than a second's worth at once: the last one waits for about that long, and ping for none of them.
            $P trace --packets --format json icmp -- sh -c 'ping -S 200000 -c 10 -i 0.01 -s 1000 192.0.2.2; sleep 2'
            """)
        let walks = try run.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map { try LabRun.walk($0) }
        let requests = walks.filter { $0.kind.isEchoRequest }
        #expect(requests.count == 10, "\(run.text)")
        #expect(requests.allSatisfy { $0.outcome == .delivered && $0.findings.isEmpty }, "\(run.text)")
        // By the rate: 1042 bytes take 130 ms.
        #expect(requests.contains { $0.durationNanoseconds > 500_000_000 }, "\(requests.map(\.durationNanoseconds))")
    }

    // MARK: Others that listen

    @Test("two runs watch one namespace, neither disturbs the other", arguments: ["nftables", "iptables"])
    func twoRuns(hooks: String) throws {
        let run = try SandboxShell(
            """
            before=$(nft list ruleset; iptables-legacy-save | grep -v '^#'; ip netns exec router nft list ruleset)
            $P trace --packets --format json --hooks \(hooks) icmp >one & A=$!
            armed one
            $P trace --packets --format json --hooks \(hooks) icmp >two & B=$!
            armed two
            ping -c 1 -W 2 -s 99 192.0.2.2 >/dev/null; sleep 1
            kill -INT $A; wait $A; echo "one=$?"
            ping -c 1 -W 2 -s 98 192.0.2.2 >/dev/null; sleep 1
            kill -INT $B; wait $B; echo "two=$?"
            after=$(nft list ruleset; iptables-legacy-save | grep -v '^#'; ip netns exec router nft list ruleset)
            [ "$before" = "$after" ] && echo rules=same || echo "$after"
            grep -hv '"outcome":"delivered"' one two >&2
            grep -h '"length":127' one two | grep 'echo request'; grep '"length":126' two | grep 'echo request'
            """)
        #expect(run["one"] == "0" && run["two"] == "0", "\(run.errorText)")
        #expect(run["rules"] == "same", "\(run.text)")
        let walks = try run.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map { try LabRun.walk($0) }
        try #require(walks.count == 3, "\(run.text)")
        let ways = walks.map { walk in
            walk.hops.map {
                "\($0.namespace)/\($0.device ?? "")/\($0.hook?.rawValue ?? "")/\($0.stage?.rawValue ?? "")"
            }
        }
        // The chains that iptables makes for one run are more points for the next.
        if hooks == "nftables" { #expect(ways[0] == ways[1] && ways[1] == ways[2], "\(ways)") }
        // Nothing stands at the others' hooks; by iptables they are seen all the same.
        let seen = hooks == "nftables" ? ["postrouting", "input"] : ["output", "postrouting", "prerouting", "input"]
        for walk in walks {
            for hook in seen {
                #expect(walk.hops.contains { $0.hook?.rawValue == hook }, "\(hook) \(ways)")
            }
        }
    }

    @Test("somebody adds rules while iptables hooks are laid, they stay")
    func rulesOfOthers() throws {
        let run = try SandboxShell(
            """
            $P trace --packets -q --hooks iptables icmp >walks & T=$!
            armed walks
            iptables-nft -A INPUT -p udp --dport 9 -j DROP
            iptables-nft -t nat -A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE
            iptables-nft -P FORWARD DROP
            ip6tables-nft -t mangle -A PREROUTING -p udp --dport 9 -j ACCEPT
            ip netns exec router iptables-legacy -A INPUT -p udp --dport 9 -j DROP
            kill -KILL $T
            until_true 100 sh -c '! { iptables-nft-save; ip netns exec router iptables-legacy-save; } | grep packetwalk'
            sleep 0.5
            { iptables-nft-save; ip6tables-nft-save; ip netns exec router iptables-legacy-save; } | grep '^-A\\|FORWARD DROP'
            nft list ruleset | grep -c 'hook [io]'
            """)
        #expect(
            run.text.split(separator: "\n").sorted() == [
                "-A INPUT -p udp -m udp --dport 9 -j DROP", "-A INPUT -p udp -m udp --dport 9 -j DROP",
                "-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE", "-A PREROUTING -p udp -m udp --dport 9 -j ACCEPT", "1",
                ":FORWARD DROP [0:0]",
            ], "\(run.text)\(run.errorText)")
    }

    @Test("another program logs by NFLOG, it keeps its group and we see none of its packets")
    func foreignLogger() throws {
        let run = try SandboxShell(
            """
            # The group that a run's own number would choose, and the two behind it, are taken; a rule logs to a fourth.
            echo 1000 >/proc/sys/kernel/ns_last_pid
            iptables-nft -A OUTPUT -p icmp -j NFLOG --nflog-group 17400 --nflog-prefix pw:0
            groups=; for group in $(seq 17384 17399); do groups="$groups,$group"; done
            dumpcap -q -i "nflog:${groups#,}" -w foreign.pcap 2>dumpcap.err & D=$!
            until_true 100 grep -q 17399 /proc/net/netfilter/nfnetlink_log || cat dumpcap.err
            echo 1002 >/proc/sys/kernel/ns_last_pid
            $P trace --packets --format json --hooks nftables --in host icmp -- ping -c 1 -W 2 -s 99 192.0.2.2
            echo "status=$?"
            grep -c '173[89]' /proc/net/netfilter/nfnetlink_log
            kill -0 $D && echo logger=alive
            kill $D; wait $D; echo "foreign=$(tcpdump -r foreign.pcap 2>/dev/null | wc -l)"
            """)
        #expect(run["status"] == "0", "\(run.errorText)")
        #expect(run["logger"] == "alive")
        #expect(run["foreign"] == "0", "\(run.text)")
        let request = try LabRun.walk(
            try #require(run.text.split(separator: "\n").first { $0.contains("echo request") }, "\(run.text)"))
        // A rule of the user's with a prefix like ours is no sighting.
        #expect(request.hops.filter { $0.hook?.rawValue == "output" }.count == 2, "\(request.hops)")
    }
}
