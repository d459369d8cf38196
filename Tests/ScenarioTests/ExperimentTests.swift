import Experiment
import Network
import Observations
import Testing
import WalkModel

/// Causes and fixes tried on the real kernel, each in a network that is rebuilt from the lab's snapshot.
@Suite("A failure tried again", .enabled(if: SandboxShell.isAvailable), .serialized)
struct ExperimentTests {
    private static func first(_ lab: String, alone: Bool) throws -> (finding: Finding?, said: String) {
        let run = try LabRun.packetwalk(
            ["lab", "run", lab, "--format", "json", "--twin", "auto"] + (alone ? ["--cause-by-experiment-alone"] : []))
        return (run.walks.lazy.compactMap(\.findings.first).first, run.standardError)
    }

    @Test(
        "the cause is found by experiment alone",
        arguments: [
            ("link-down-namespace", "link-down"), ("blackhole-route-prohibit", "blackhole-route"),
            ("conntrack-stale-nftables", "conntrack-stale"), ("routing-loop", "routing-loop"),
            ("family-disabled", "family-disabled"), ("broadcast-not-forwarded", "broadcast-not-forwarded"),
            ("two-faults-gateways-ipv6", "gateway-unreachable"), ("two-faults-route-forwarding", "no-route"),
            ("accept-queue-full", "accept-queue-full"), ("local-ports-exhausted-ipv6", "local-ports-exhausted"),
            ("socket-buffer-full-ipv6", "socket-buffer-full"), ("queue-full-ipv6", "queue-full"),
            ("multicast-not-forwarded-ipv6", "multicast-not-forwarded"),
        ])
    func alone(lab: String, code: String) throws {
        let run = try LabRun.packetwalk([
            "lab", "run", lab, "--format", "json", "--twin", "auto", "--cause-by-experiment-alone",
        ])
        // A certain finding without a fix stays in front of it.
        let found = run.walks.lazy.flatMap(\.findings).first { $0.evidence.first?.source == .tried }
        let (finding, said) = (found, run.standardError)
        #expect(finding?.code.rawValue == code, "\(said)")
        #expect(finding?.evidence.first?.source == .tried)
        #expect(finding?.remedy == nil || finding?.remedy?.verified == true)
    }

    @Test(
        "the fix of a finding is verified, with what it opens",
        arguments: ["forwarding-disabled", "bridge-port-blocked-isolated"])
    func together(lab: String) throws {
        let (finding, said) = try Self.first(lab, alone: false)
        let remedy = try #require(finding?.remedy, "\(said)")
        #expect(remedy.verified)
        #expect(remedy.proof?.with == "answered")
        #expect(try #require(remedy.proof?.tried) > 0)
        #expect(finding?.code.rawValue.isEmpty == false)
    }

    @Test("a wide fix tells what it opens: with forwarding on, other addresses behind the host are reached too")
    func opens() throws {
        let (finding, said) = try Self.first("forwarding-disabled", alone: false)
        let opens = try #require(finding?.remedy?.proof?.opens, "\(said)")
        #expect(opens.contains { $0.contains("203.0.113.1") }, "\(opens)")
    }

    @Test("the outside is a sender too: with forwarding on it reaches the namespace behind the host")
    func outside() throws {
        let run = try LabRun.packetwalk([
            "lab", "run", "forwarding-disabled", "--hide", "wan", "--format", "json", "--twin", "auto",
        ])
        let proof = try #require(
            run.walks.lazy.compactMap(\.findings.first).first?.remedy?.proof, "\(run.standardError)")
        #expect(proof.opens.contains("203.0.113.1, the outside to 172.19.0.2: anything"), "\(proof.opens)")
        #expect(proof.opens.contains("mynamespace to the outside: anything"), "\(proof.opens)")
        #expect(proof.closes == [])
    }

    @Test("what a cause that was found by experiment opens is told as well")
    func opensOfCause() throws {
        let (finding, said) = try Self.first("forwarding-disabled", alone: true)
        let proof = try #require(finding?.remedy?.proof, "\(said)")
        #expect(proof.tried > 100)
        #expect(proof.opens.contains { $0.hasPrefix("mynamespace to 198.51.100.1, 203.0.113.1: ") }, "\(proof.opens)")
    }

    @Test(
        "fixes are tried in namespaces of strange names too", arguments: ["o'web", "a b", "say \"so\"", "two\nlines"])
    func strangeNames(name: String) throws {
        let shell = try SandboxShell(
            """
            N='\(name.replacing("'", with: "'\\''"))'
            ip netns add "$N"
            ip link add to-web type veth peer name eth0 netns "$N"
            ip addr add 192.0.9.1/24 dev to-web; ip link set to-web up
            ip -n "$N" addr add 192.0.9.2/24 dev eth0
            $P explain --from "$N" 192.0.9.1 --format json --twin auto
            """)
        let walk = try #require(
            try shell.text.split(separator: "\n").first { $0.hasPrefix("{") }.map { try LabRun.walk($0) },
            "\(shell.text) \(shell.errorText)")
        let remedy = try #require(walk.findings.first?.remedy, "\(shell.errorText)")
        #expect(walk.findings.first?.code == "link-down")
        #expect(remedy.verified, "\(remedy.commands) \(shell.errorText)")
    }
}
