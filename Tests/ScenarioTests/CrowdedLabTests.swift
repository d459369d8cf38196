import Glibc
import Testing
import Twin
import WalkModel

/// A machine has more networks than one, and those made by the same hand or the same engine use the same addresses,
/// device names and ports. What no link joins to the packet's path is of no concern to it.
@Suite("In a lab beside unrelated networks", .enabled(if: LabRun.isAvailable))
struct CrowdedLabTests {
    /// One of each way of looking for somebody else: who holds an address, who listens, whose port is published, where a
    /// tunnel ends, who has a MAC address, who routes.
    private static let sample = [
        "address-on-bridge-port", "arp-sender-refused", "conntrack-zones-published", "duplicate-address",
        "fdb-misdirected", "gateway-unreachable", "hairpin-missing-nftables", "listener-elsewhere",
        "mtu-exceeded-tunnel", "neighbor-unresolved", "neighbor-unresolved-ipv6", "network-isolation",
        "no-group-member", "no-listener-tcp", "no-return-path", "no-source-nat", "port-not-published",
        "service-without-endpoints-nftables", "source-nat-unheld", "stale-forward", "stale-neighbor",
        "vxlan-unreachable-remote", "wrong-gateway", "wrong-netmask",
    ]

    @Test(
        "explain names the same cause, and nothing of theirs",
        arguments: WeakModeLabTests.isThorough ? FaultLabTests.labs : sample.filter(FaultLabTests.labs.contains))
    func cause(name: String) async throws {
        let lab = try LabLibrary.find().lab(named: name)
        let problems = try await LabRun.inPlace {
            let first = try Self.problems(of: lab)
            // Once more: on a busy machine a listener, an answer or an event can come too late.
            return first.isEmpty ? [] : try Self.problems(of: lab)
        }
        for problem in problems { Issue.record("\(name): \(problem)") }
    }

    @Test("they are there: the tool sees them, with the lab's addresses")
    func beside() throws {
        let run = try LabRun.packetwalk(["lab", "run", "no-listener-tcp", "--beside", "--hide", "none-such"])
        #expect(run.status == 64)
        let names = ["beside-all", "beside-before-host", "beside-before-wan", "beside-same-host", "beside-same-wan"]
        for name in names { #expect(run.standardError.contains(name), "\(run.standardError)") }
    }

    private static func problems(of lab: Lab) throws -> [String] {
        let (run, replayed) = try LabRun.recorded(
            ["lab", "run", lab.name, "--beside", "--format", "json"], replay: [])
        var problems: [String] = []
        let walk = run.causes.first
        let finding = walk?.findings.first
        if finding.map({ $0.code.rawValue == lab.expected.code && lab.expected.isMet(by: $0) }) != true {
            let words = finding.map { "\($0.code) at \($0.where): \($0.message)" }
            problems.append(
                "\(words ?? "no finding"), not \(lab.expected.code ?? ""); \(run.standardError.prefix(300))")
        }
        if walk?.outcome.rawValue != lab.expected.outcome {
            problems.append("outcome \(walk?.outcome.rawValue ?? "none"), not \(lab.expected.outcome)")
        }
        // A trace of the whole machine shows theirs too.
        if lab.probe.explain == nil { return problems }
        // The recording has all that was seen, explained again, as a person reads it.
        for text in [run.standardOutput, run.standardError, replayed.standardOutput] {
            let named = text.split(separator: "\n").first { $0.contains("beside-") }
            if let named { problems.append("it is named: \(named.prefix(300))") }
        }
        return problems
    }
}
