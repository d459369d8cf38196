import Glibc
import Testing
import Twin
import WalkModel
import Wire

/// One packet of many looked at, on the real kernel: whole walks or none, through NAT, by every backend.
@Suite("One packet of many", .serialized, .enabled(if: SandboxShell.isAvailable))
struct SamplingScenarioTests {
    enum Backend: String, CaseIterable {
        case nflog = "--hooks nftables --links pcap"
        case bpf = "--hooks bpf --links bpf"
        case mixed = "--hooks bpf --links pcap"

        var isPrivileged: Bool { self != .nflog }
    }

    /// `inner` behind a bridge of the host, which translates its source on the way to `router`.
    private static let network = """
        ip netns add inner
        ip link add outer0 type veth peer name inner0 netns inner
        ip link add bridge0 type bridge; ip addr add 10.9.0.1/24 dev bridge0; ip link set bridge0 up
        ip link set outer0 master bridge0; ip link set outer0 up
        ip -n inner link set lo up; ip -n inner link set inner0 up; ip -n inner addr add 10.9.0.2/24 dev inner0
        ip -n inner route add default via 10.9.0.1
        sysctl -qw net.ipv4.ip_forward=1
        nft add table ip nat
        nft 'add chain ip nat post { type nat hook postrouting priority srcnat; }'
        nft 'add rule ip nat post oifname "veth0" masquerade'
        until_true 50 ip netns exec inner ping -q -c 1 -W 1 192.0.2.2 || { echo "no way to the router"; exit 8; }

        """

    private func trace(
        _ backend: Backend, filter: String, options: String, send: String
    ) throws -> (walks: [Walk], shell: SandboxShell) {
        let shell = try SandboxShell(
            Self.network + """
                "$P" trace \(backend.rawValue) --rules none \(options) --packets --format json \(filter) -- \(send) >out 2>errors
                echo status=$?
                cat errors >&2
                grep -h '"packetwalk.walk/2"' out || true
                """, privileged: backend.isPrivileged)
        let walks = try shell.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map { try LabRun.walk($0) }
        return (walks, shell)
    }

    /// That a share of `count` packets was seen, and each of them wherever every one would have been.
    private func check(
        _ walks: [Walk], _ count: Int, oneOf: UInt32, _ shell: SandboxShell, _ name: String
    ) {
        let expected = Double(count) / Double(oneOf)
        let deviation = expected.squareRoot()
        #expect(
            abs(Double(walks.count) - expected) <= 5 * deviation, "\(name): \(walks.count) of \(count), not \(expected)"
        )
        for walk in walks {
            #expect(walk.outcome == .delivered, "\(name): \(walk.summary) \(walk.outcome)")
            #expect(walk.sampledOneOf == oneOf)
            // Out of one, through the other, into the third, translated on the way.
            #expect(Set(walk.hops.map(\.namespace)) == ["inner", "host", "router"], "\(name): \(walk.summary)")
            #expect(walk.hops.contains { $0.changes.contains { $0.field.isTranslated } }, "\(name): \(walk.summary)")
            // Drops are reported of the whole machine, which may be busy with others.
            let losses = walk.losses.filter { $0.vantage != "drop reasons" }
            #expect(losses.isEmpty && walk.findings.isEmpty, "\(name): \(losses) \(walk.findings)")
        }
        let lengths = Set(walks.map { $0.hops.count })
        #expect(lengths.count == 1, "\(name): of \(lengths) hops")
        #expect(shell.errorText.contains("1 packet of \(oneOf) sampled"), "\(shell.errorText)")
    }

    @Test("echoes: requests with their replies", arguments: Backend.allCases)
    func echoes(backend: Backend) throws {
        if backend.isPrivileged, !isProgramUsable { return }
        let (walks, shell) = try trace(
            backend, filter: "icmp", options: "--sample 1/20",
            send: "ip netns exec inner ping -q -i 0.001 -c 4000 192.0.2.2")
        #expect(shell["status"] == "0", "\(shell.errorText)")
        let requests = walks.filter { $0.kind.isEchoRequest }
        let replies = walks.filter { $0.answers != nil }
        check(requests, 4000, oneOf: 20, shell, "requests")
        check(replies, 4000, oneOf: 20, shell, "replies")
        // None is without its reply.
        #expect(Set(replies.compactMap(\.answers)) == Set(requests.map(\.id)))
    }

    @Test("datagrams that nobody answers are not called unanswered", arguments: Backend.allCases)
    func datagrams(backend: Backend) throws {
        if backend.isPrivileged, !isProgramUsable { return }
        let sender = """
            import socket, time
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for number in range(4000):
                s.sendto(b"%08d and what else a datagram says" % number, ("192.0.2.2", 9999)); time.sleep(0.0005)
            """
        let receiver = """
            import socket
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("192.0.2.2", 9999))
            while True: s.recv(100)
            """
        let (walks, shell) = try trace(
            backend, filter: "udp", options: "--sample 1/20",
            send: """
                sh -c 'ip netns exec router python3 -c "$1" & sleep 1; ip netns exec inner python3 -c "$0"; sleep 0.5; kill $!' \
                '\(sender)' '\(receiver)'
                """)
        #expect(shell["status"] == "0", "\(shell.errorText)")
        check(walks, 4000, oneOf: 20, shell, "datagrams")
    }

    @Test("TCP: whatever is seen of a stream goes its whole way, cut or not", arguments: Backend.allCases)
    func stream(backend: Backend) throws {
        if backend.isPrivileged, !isProgramUsable { return }
        // The router's device cuts what comes to it in large pieces.
        let sender = """
            import socket
            s = socket.create_connection(("192.0.2.2", 9999)); data = b"x" * 65536
            for number in range(400): s.sendall(data)
            s.close()
            """
        let receiver = """
            import socket
            s = socket.socket(); s.bind(("192.0.2.2", 9999)); s.listen(); c, _ = s.accept()
            while c.recv(65536): pass
            """
        let (walks, shell) = try trace(
            backend, filter: "tcp", options: "--sample 1/8",
            send: """
                sh -c 'ethtool -K veth0 tso off gso off >/dev/null 2>&1
                ip netns exec router python3 -c "$1" & sleep 1; ip netns exec inner python3 -c "$0"; wait' '\(sender)' '\(receiver)'
                """)
        #expect(shell["status"] == "0", "\(shell.errorText)")
        // 400 blocks of 64 KiB, an eighth of them, with all that lies in them.
        #expect(walks.count > 20, "\(walks.count) walks; \(shell.errorText)")
        for walk in walks {
            #expect([.delivered, .left].contains(walk.outcome), "\(walk.summary) \(walk.outcome) \(walk.losses)")
            #expect(Set(walk.hops.map(\.namespace)) == ["inner", "host", "router"], "\(walk.summary)")
        }
    }

    @Test("more than the rate allows is sampled, and said once", arguments: [Backend.nflog, .bpf])
    func limited(backend: Backend) throws {
        if backend.isPrivileged, !isProgramUsable { return }
        let (walks, shell) = try trace(
            backend, filter: "icmp", options: "--max-rate 2000",
            send: "ip netns exec inner ping -q -i 0.001 -c 3000 192.0.2.2")
        #expect(shell["status"] == "0", "\(shell.errorText)")
        let told = shell.errorText.split(separator: "\n").filter { $0.contains("--max-rate") }
        #expect(told.count == 1 && told[0].contains("more than 2000 sightings a second"), "\(shell.errorText)")
        let late = walks.filter { $0.sampledOneOf != nil && $0.losses.isEmpty }
        #expect(!late.isEmpty && late.count < 3000, "\(late.count) of \(walks.count)")
        for walk in late { #expect(walk.outcome == .delivered, "\(walk.summary) \(walk.outcome)") }
    }

    @Test("a recording says it, and its replay gives the same walks")
    func recording() throws {
        let shell = try SandboxShell(
            Self.network + """
                "$P" record --rules none --hooks nftables --links pcap --sample 1/10 -o run.pcapng icmp -- \
                    ip netns exec inner ping -q -i 0.001 -c 1000 192.0.2.2 >/dev/null 2>errors
                echo status=$?
                grep -c "1 packet of 10 sampled" errors | sed 's/^/told=/'
                "$P" replay --packets --format json run.pcapng >out 2>/dev/null; echo replayed=$?
                echo walks=$(grep -c '"sampled_one_of":10' out)
                echo others=$(grep '"protocol":"icmp"' out | grep -vc '"sampled_one_of":10')
                "$P" replay --summary run.pcapng 2>/dev/null | head -n 1 | sed 's/^/summary=/'
                """)
        #expect(shell["status"] == "0" && shell["replayed"] == "0", "\(shell.text)\(shell.errorText)")
        #expect(shell["told"] == "1", "\(shell.text)")
        let walks = try #require(shell["walks"].flatMap { Int($0) })
        // A hundred requests and their replies, within five deviations.
        #expect((100...300).contains(walks), "\(shell.text)")
        #expect(shell["others"] == "0")
        #expect(shell["summary"]?.contains("1 packet of 10 sampled") == true, "\(shell.text)")
    }

    @Test(
        "what is no share is refused in one line",
        arguments: [
            "--sample 1000", "--sample 1/0", "--sample 2/3", "--sample 1/70000", "--max-rate 0", "--max-memory 1",
        ])
    func refused(option: String) throws {
        let shell = try SandboxShell("\"$P\" trace \(option) --duration 1 icmp; echo status=$?")
        #expect(shell["status"] == "64", "\(shell.errorText)")
        #expect(shell.errorText.split(separator: "\n").count == 1, "\(shell.errorText)")
    }
}

private let isProgramUsable =
    geteuid() == 0
    && (try? SandboxShell("timeout 20 \"$P\" trace --hooks bpf --links bpf --duration 0.1 icmp", privileged: true))?
        .status == 0
