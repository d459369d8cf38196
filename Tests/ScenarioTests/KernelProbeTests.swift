import Glibc
import LinuxSystem
import Network
import Observations
import Testing
import Twin
import WalkModel
import Wire

/// BPF programs at hooks and devices.
@Suite("Seen by BPF programs", .serialized, .enabled(if: isBPFUsable))
struct KernelProbeTests {
    private static let root = String(#filePath.dropLast("/Tests/ScenarioTests/KernelProbeTests.swift".count))

    @Test("hooks tell the time of the passage: it rises from point to point, and no two are equal")
    func times() throws {
        let run = try LabRun.packetwalk(
            ["lab", "run", "namespace-to-wan", "--format", "json", "--hooks", "bpf", "--links", "bpf"])
        let walk = try #require(run.walks.first, "\(run.standardError)")
        let times = walk.hops.filter { $0.vantage == .link || $0.vantage == .netfilter }.compactMap(\.offsetNanoseconds)
        // Five devices; two points where it is sent, five on the router, which translates, two where it arrives.
        #expect(times.count == 14)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 }, "\(times)")
    }

    @Test("nothing is left of a run that was killed, and nothing but programs is there while it lasts")
    func leavesNothing() throws {
        // The sandbox does not show every folder.
        let script = try #require(readText("\(Self.root)/scripts/bpf-links.py"))
        let shell = try SandboxShell(
            """
            cat >/run/bpf-links.py <<'SCRIPT'
            \(script)
            SCRIPT
            links() { python3 /run/bpf-links.py "$@"; }
            "$P" trace --hooks bpf --links bpf --duration 60 icmp >out 2>errors & run=$!
            armed out || { echo "not armed: $(cat errors)"; exit 8; }
            echo tables="$(nft list tables | wc -l)"
            own=$(links $run)
            # Two points for two families in each of two namespaces, at least.
            [ $(echo $own | wc -w) -ge 8 ] && echo during=more
            kill -9 $run; wait $run
            # Others may have some, too.
            has_gone() { local all=" $(links --all) "; for link in $own; do case $all in *" $link "*) return 1;; esac; done; }
            until_true 50 has_gone && echo after=none
            """, privileged: true)
        #expect(shell["tables"] == "0", "\(shell.text)\(shell.errorText)")
        #expect(shell["during"] == "more", "\(shell.text)\(shell.errorText)")
        #expect(shell["after"] == "none", "\(shell.text)\(shell.errorText)")
    }

    @Test("two runs see the same packets in one namespace")
    func twoRuns() throws {
        let shell = try SandboxShell(
            """
            for run in 1 2; do "$P" trace --hooks bpf --links bpf --duration 60 --packets --format json icmp >out$run 2>errors$run & runs="$runs $!"; done
            armed out1 && armed out2 || { cat errors1 errors2; exit 8; }
            ping -c 1 -W 1 192.0.2.2 >/dev/null
            sleep 1
            kill -TERM $runs; wait $runs
            for run in 1 2; do
                echo points$run=$(tail -n 2 out$run | grep -o '"kind":"netfilter"\\|"hook":"' | wc -l)
                echo errors$run=$(grep -c hooks errors$run)
            done
            """, privileged: true)
        #expect(shell["errors1"] == "0" && shell["errors2"] == "0", "\(shell.text)\(shell.errorText)")
        #expect(shell["points1"] != "0" && shell["points1"] == shell["points2"], "\(shell.text)")
    }

    @Test("where they were asked for and can't be had that is an error of one line", arguments: ["hooks", "links"])
    func refused(option: String) throws {
        let shell = try SandboxShell("\"$P\" trace --\(option) bpf --duration 1 icmp; echo status=$?")
        #expect(shell["status"] == "77", "\(shell.errorText)")
        #expect(shell.errorText.contains("Operation not permitted; it needs root outside of any container"))
        #expect(shell.errorText.split(separator: "\n").count == 1, "\(shell.errorText)")
    }
}

/// The same beside NFLOG and packet sockets.
@Suite("Labs seen by BPF programs", .enabled(if: isBPFUsable))
struct KernelProbeLabTests {
    /// Some of each kind; all that `PACKETWALK_COMPARED` names, separated by blanks, where it is set: all labs take half an hour.
    static let labs =
        getenv("PACKETWALK_COMPARED").map { String(cString: $0).split(separator: " ").map(String.init) } ?? few

    /// Base, translation, bridges, both families, both firewalls, a queue, tunnels, and what breaks them.
    private static let few = [
        "namespace-to-wan", "namespace-to-wan-legacy", "namespace-to-wan-nftables", "namespace-to-wan-tcp",
        "namespace-to-wan-udp", "wan-to-published-port", "hairpin", "same-bridge", "same-bridge-netfilter",
        "ipv6-to-wan", "namespace-to-neighbor-ipv6", "host-to-service", "two-bridges", "vxlan-overlay", "queue-delay",
        "no-route", "rule-drop-nftables", "rule-drop-iptables-legacy", "rule-drop-output", "no-source-nat",
        "reverse-path-filter", "forwarding-disabled-ipv6", "neighbor-unresolved", "tc-drop", "tc-drop-egress",
        "xdp-drop",
        "queue-full", "macvlan-isolated", "mtu-exceeded", "no-listener-tcp", "bridge-netfilter-nftables",
    ]

    @Test("a lab's walks are those of NFLOG and libpcap", arguments: labs)
    func sameWalks(name: String) async throws {
        var (usual, kernel) = try await both(name)
        if Self.seen(usual) != Self.seen(kernel) {
            // Once more: on a busy machine a reply can come too late for one of them.
            (usual, kernel) = try await both(name)
        }
        #expect(usual.status == kernel.status, "\(kernel.standardError)")
        #expect(!kernel.walks.isEmpty, "\(kernel.standardError)")
        let (expected, found) = (Self.seen(usual), Self.seen(kernel))
        #expect(
            expected == found, "\(name): losses \(usual.walks.flatMap(\.losses)), \(kernel.walks.flatMap(\.losses))")
        // Whatever was seen twice was seen as one packet of the kernel somewhere.
        let seen = kernel.walks.filter { $0.hops.filter { $0.vantage == .link }.count > 2 }
        for walk in seen { #expect(walk.hops.contains { $0.joinedBy.contains(.kernel) }, "\(name): \(walk.summary)") }
    }

    /// One lab by each, at the same time.
    private func both(_ name: String) async throws -> (usual: LabRun, kernel: LabRun) {
        func run(_ hooks: String, _ links: String) async throws -> LabRun {
            try await LabRun.inPlace {
                try LabRun.packetwalk(["lab", "run", name, "--format", "json", "--hooks", hooks, "--links", links])
            }
        }
        async let usual = run("auto", "pcap")
        async let kernel = run("bpf", "bpf")
        return try await (usual, kernel)
    }

    /// How often something is sent again, and what namespaces ask of all on their own, differs from run to run.
    private static func seen(_ run: LabRun) -> [[String]] {
        Set(run.walks.filter { !$0.destination.isMulticast && !$0.source.isUnspecified }.map(\.likeness))
            .sorted { $0.joined() < $1.joined() }
    }
}

/// They are root's, and of root in the machine's first user namespace alone.
private let isBPFUsable =
    geteuid() == 0 && SandboxShell.isAvailable
    && (try? SandboxShell("timeout 20 \"$P\" trace --hooks bpf --links bpf --duration 0.1 icmp", privileged: true))?
        .status == 0

extension Walk {
    /// All of a walk but when it was, how sure it is, by what it was joined, and numbers that differ from run to run.
    fileprivate var likeness: [String] {
        var lines = [
            "\(kind.protocolName) \(place(source, sourcePort)) > \(place(destination, destinationPort)) \(outcome)"
        ]
        for hop in hops {
            let names = [
                hop.namespace, hop.device, hop.vantage.rawValue, hop.direction?.rawValue, hop.hook?.rawValue,
                hop.stage?.rawValue, hop.edge?.rawValue,
            ]
            let packet = hop.packet
            var line = names.compactMap(\.self).joined(separator: " ")
            line += " \(place(packet.source, packet.sourcePort)) > \(place(packet.destination, packet.destinationPort))"
            line += " ttl \(packet.ttl.map(String.init) ?? "none") length \(packet.length) mark \(packet.mark ?? 0)"
            line += " by \(hop.evidence.map(\.rawValue))"
            line += " changes \(hop.changes.filter { !$0.field.isOfLink }.map(\.field.rawValue))"
            line += " rules \(hop.rules.map { $0.text ?? "" })"
            lines.append(line)
        }
        if let stop = stoppedAt { lines.append("stopped at \(stop.namespace ?? "") \(stop.device ?? "")") }
        lines += findings.map { "\($0.code) \($0.severity)" }
        return lines
    }

    /// Senders choose ports from 32768 on.
    private func place(_ address: IPAddress, _ port: UInt16?) -> String {
        // Of a MAC that is another one each time.
        if !address.isIPv4, address.isLinkLocal { return "link-local" }
        guard let port else { return "\(address)" }
        return "\(address):\(port < 32768 ? "\(port)" : "any")"
    }
}

extension FieldChange.Field {
    fileprivate var isOfLink: Bool { self == .macSource || self == .macDestination }
}
