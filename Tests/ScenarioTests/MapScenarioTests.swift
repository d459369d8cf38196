import Testing

/// `map` of a part of a network, of the kernel's own.
@Suite("A part of the map", .serialized, .enabled(if: SandboxShell.isAvailable), .timeLimit(.minutes(2)))
struct MapScenarioTests {
    /// far behind router, other beside it; a rule that publishes far's port 80 as the router's 8080.
    private static let network = """
        ip netns add far; ip netns add other
        ip link add f0 netns router type veth peer name f1 netns far
        ip -n router addr add 198.51.100.1/24 dev f0; ip -n router link set f0 up
        ip -n far addr add 198.51.100.2/24 dev f1; ip -n far link set f1 up; ip -n far link set lo up
        ip -n far route add default via 198.51.100.1
        ip netns exec router sysctl -qw net.ipv4.ip_forward=1
        ip link add o0 type veth peer name o1 netns other
        ip addr add 203.0.113.1/24 dev o0; ip link set o0 up
        ip -n other addr add 203.0.113.2/24 dev o1; ip -n other link set o1 up
        ip route add 198.51.100.0/24 via 192.0.2.2
        ip netns exec router iptables-nft -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to 198.51.100.2:80
        has() { grep -q -- "$2" "$1" && echo "$3=yes" || echo "$3=no"; }

        """

    @Test("is the path of a packet")
    func path() throws {
        let run = try SandboxShell(
            Self.network + """
                $P map --from host --to far >path
                has path 'router' router; has path 'far f1' far; has path o0 other
                $P map --from host --to 192.0.2.2 >near
                has near 'router veth1' near; has near f0 beyond
                $P map --from host --to 192.0.2.2:8080 >published
                has published 'far f1' published
                $P map --from host --to far --format json >json
                has json '"name" : "far"' json; has json '"name" : "other"' left
                """)
        #expect(run["router"] == "yes" && run["far"] == "yes" && run["other"] == "no", "\(run.text)\(run.errorText)")
        #expect(run["near"] == "yes" && run["beyond"] == "no", "\(run.text)\(run.errorText)")
        // The rule sends it on.
        #expect(run["published"] == "yes", "\(run.text)\(run.errorText)")
        #expect(run["json"] == "yes" && run["left"] == "no", "\(run.text)\(run.errorText)")
    }

    @Test("is who listens, and what is published")
    func ports() throws {
        let run = try SandboxShell(
            Self.network + """
                ip netns exec far nc -l 198.51.100.2 80 >/dev/null </dev/null & L=$!
                until_true 50 sh -c '$P map --ports | grep -q "far  *tcp 80"' && echo listens=yes
                $P map --ports | sed -n 's/^ *far  *tcp 80  *198.51.100.2  *nc  *//p'
                kill $L; wait $L
                until_true 50 sh -c '$P map --ports | grep -q "198.51.100.2:80  *nobody  *published by router"' && echo gone=yes
                """)
        #expect(run["listens"] == "yes" && run["gone"] == "yes", "\(run.text)\(run.errorText)")
        #expect(run.text.contains("published by router: tcp dport 8080"), "\(run.text)")
    }

    @Test(
        "is refused in one line where it is not said which",
        arguments: [
            (["map", "--from", "host"], "--from and --to belong together"),
            (["map", "--from", "host", "--to", "192.0.2.2", "--in", "host"], "leave --from and --to out"),
            (["map", "--ports", "--format", "dot"], "--ports is text alone"),
        ])
    func refused(words: [String], says: String) throws {
        let run = try LabRun.packetwalk(words)
        #expect(run.status == 64)
        #expect(run.standardError.split(separator: "\n").count == 1)
        #expect(run.standardError.contains(says), "\(run.standardError)")
    }
}
