import FoundationEssentials
import Network
import Wire

/// Three routers side by side, each with the rules of one firewall: nftables, iptables over nf_tables, legacy iptables.
/// All packets are sent through each of them, then the network is read as the command reads it.
struct RuleRouters {
    /// The names of their namespaces.
    static let native = "native", compatible = "compatible", legacy = "legacy"

    /// With the counters of all rules.
    let topology: Topology
    /// Rules that this kernel does not take.
    let leftOut: [String]

    init(_ rules: RuleTables, packets: [TrialPacket]) throws {
        let frames = packets.map { packet in
            let hex = packet.frame.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            return "\(packet.kind == .answer ? "b" : "a") \(hex)"
        }
        // Each file is a line with its name and how many lines follow.
        let files = [
            ("rules.nft", rules.nftables), ("rules.v4", rules.iptables(.ipv4)), ("rules.v6", rules.iptables(.ipv6)),
            ("frames", frames.joined(separator: "\n")),
        ]
        let input = files.map { name, text in
            "\(name) \(text.split(separator: "\n", omittingEmptySubsequences: false).count)\n\(text)\n"
        }
        let shell = try SandboxShell(Self.script, input: input.joined())
        guard shell.status == 0, let start = shell.text.firstIndex(of: "{") else {
            throw Failure(text: shell.errorText + shell.text.prefix(2000))
        }
        topology = try JSONDecoder().decode(Topology.self, from: Data(shell.text[start...].utf8))
        leftOut = shell.errorText.split(separator: "\n").filter { $0.hasPrefix("left out") }.map(String.init)
    }

    struct Failure: Error { var text: String }

    /// Where each router's packets come in and go out.
    static let script = """
        python3 -c '
        import sys
        data = sys.stdin.read().split("\\n")
        at = 0
        while at + 1 < len(data):
            name, count = data[at].split()
            open(name, "w").write("\\n".join(data[at + 1:at + 1 + int(count)]) + "\\n")
            at += 1 + int(count)
        ' || exit 80
        cat >load.py <<'END'
        # load.py FILE COMMAND: loads rules, without the lines that the kernel does not take.
        import re, subprocess, sys
        name, command = sys.argv[1], sys.argv[2:]
        def leave_out(text, reason):
            out.add(bare(text))
            print("left out:", text, reason, file=sys.stderr)
        def load(lines):
            lines = [line for line in lines if bare(line) not in out]
            found = subprocess.run(command, input="\\n".join(lines) + "\\n", capture_output=True, text=True)
            if found.returncode == 0:
                return
            reason = found.stderr.strip().split("\\n")[-1 if lines[0].startswith("*") else 0]
            if lines[0].startswith("*"):
                # iptables does not always say which: halves are tried.
                rules = lines[1:-1]
                if len(rules) == 1:
                    return leave_out(rules[0], reason)
                for half in rules[:len(rules) // 2], rules[len(rules) // 2:]:
                    load(lines[:1] + half + lines[-1:])
                return
            numbers = re.findall(r"stdin:(\\d+)", found.stderr)
            text = lines[int(numbers[0]) - 1] if numbers else "}"
            if re.match("(chain|type|table|set|map|})|.* vmap { [^}]* goto", text):
                sys.exit(name + ": " + text + ": " + found.stderr)
            leave_out(text, reason)
            load(lines)
        def bare(line):
            return re.sub(r"^-A \\S+ ", "", line)
        # Parts are loaded one by one, with an empty line between.
        out = set()
        for part in open(name).read().split("\\n\\n"):
            load(part.split("\\n"))
        END
        cat >send.py <<'END'
        import socket
        sockets = {}
        for side in "ab":
            for router in ("native", "compatible", "legacy"):
                one = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                one.bind((side + router, 0))
                sockets.setdefault(side, []).append(one)
        for line in open("frames"):
            words = line.split()
            if len(words) == 2:
                for one in sockets[words[0]]:
                    one.send(bytes.fromhex(words[1]))
        END
        ip netns del router
        sysctl -qw net.ipv6.conf.default.disable_ipv6=1
        for r in native compatible legacy; do
            ip netns add $r
            ip netns exec $r sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \\
                net.ipv6.conf.default.accept_dad=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
            ip link add a$r address \(TrialPacket.near) type veth peer name eth0 address \(TrialPacket.router) netns $r
            ip link add b$r address \(TrialPacket.far) type veth peer name eth1 address \(TrialPacket.routerBehind) netns $r
            ip link set a$r up; ip link set b$r up
            ip -n $r -batch - <<END || exit 81
        link set lo up
        link set eth0 up
        link set eth1 up
        addr add 192.0.2.2/24 dev eth0
        addr add 203.0.113.2/24 dev eth1
        neigh add 192.0.2.1 lladdr \(TrialPacket.near) dev eth0
        neigh add 203.0.113.1 lladdr \(TrialPacket.far) dev eth1
        route add 10.9.0.0/16 via 192.0.2.1
        route add default via 203.0.113.1
        addr add 2001:db8:1::2/64 dev eth0
        addr add 2001:db8:3::2/64 dev eth1
        neigh add 2001:db8:1::1 lladdr \(TrialPacket.near) dev eth0
        neigh add 2001:db8:3::1 lladdr \(TrialPacket.far) dev eth1
        route add 2001:db8:9::/48 via 2001:db8:1::1
        route add default via 2001:db8:3::1
        END
        done
        ip netns exec native python3 load.py rules.nft nft -f - || exit 82
        for b in nft legacy; do
            [ $b = nft ] && r=compatible || r=legacy
            ip netns exec $r python3 load.py rules.v4 iptables-$b-restore --noflush || exit 83
            ip netns exec $r python3 load.py rules.v6 ip6tables-$b-restore --noflush || exit 84
        done
        python3 send.py || exit 85
        $P map --format json
        """
}
