import Network
import Observations
import Testing
import WalkModel

/// What appears, is renamed or loaded again while a trace runs.
@Suite("Comings and goings", .enabled(if: SandboxShell.isAvailable))
struct ComingsTests {
    /// Starts a trace of ICMP into the file `walks`, and waits until it sees packets.
    private static let start = """
        "$P" trace --packets --format json icmp > walks 2> warnings & trace=$!
        armed walks

        """
    private static let stop = """
        sleep 1
        kill -INT $trace; wait $trace || true
        cat warnings
        echo walks:
        cat walks

        """

    private func walks(_ text: String, from source: String) throws -> [Walk] {
        try text.split(separator: "\n").drop { $0 != "walks:" }.dropFirst().map { try LabRun.walk($0) }
            .filter { "\($0.source)" == source }
    }

    @Test("a namespace that is made while a trace runs is followed: a ping sent 150 ms later is seen whole")
    func newcomer() throws {
        let shell = try SandboxShell(
            Self.start + """
                for n in 1 2 3; do
                    ip netns add late$n
                    ip link add door$n type veth peer name eth0 netns late$n
                    ip addr add 198.51.100.$((n * 4 + 1))/30 dev door$n; ip link set door$n up
                    ip -n late$n addr add 198.51.100.$((n * 4 + 2))/30 dev eth0; ip -n late$n link set eth0 up
                    sleep 0.15
                    ip netns exec late$n ping -c 1 -W 1 198.51.100.$((n * 4 + 1)) > /dev/null
                    ip netns del late$n
                done

                """ + Self.stop)
        var whole = 0
        for number in 1...3 {
            let requests = try walks(shell.text, from: "198.51.100.\(number * 4 + 2)").filter { $0.answers == nil }
            let places =
                requests.first?.hops.map { "\($0.namespace) \($0.device ?? "-") \($0.direction?.rawValue ?? "-")" }
                ?? []
            if places.contains("late\(number) eth0 out"), places.contains("host door\(number) in") { whole += 1 }
        }
        // A busy machine may keep the reading waiting once.
        #expect(whole >= 2, "\(shell.text)")
    }

    @Test("a ruleset that is loaded again is told, and the new rules explain what follows; the hooks stay")
    func reload() throws {
        let shell = try SandboxShell(
            """
            nft add table inet mine
            nft add chain inet mine out '{ type filter hook output priority 0; }'
            nft add rule inet mine out ip daddr 192.0.2.77 counter

            """ + Self.start + """
                printf 'flush ruleset\\ntable inet fresh { chain out { type filter hook output priority 0; icmp type echo-request ip daddr 192.0.2.2 drop; }; }' > rules
                nft -f rules
                sleep 1
                ping -c 1 -W 1 192.0.2.2 > /dev/null || true

                """ + Self.stop)
        #expect(
            shell.text.contains(
                "the rules of host were loaded again by nft: what follows is explained by the new ones"),
            "\(shell.text)")
        let last = try walks(shell.text, from: "192.0.2.1").last
        #expect(last?.outcome == .dropped, "\(shell.text)")
        #expect(last?.findings.first?.rule?.table == "fresh", "\(shell.text)")
        #expect(last?.hops.contains { $0.vantage == .netfilter } == true, "\(shell.text)")
    }
}
