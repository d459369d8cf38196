import Glibc
import LinuxSystem
import Testing

/// Namespaces and links come and go by the dozen: see `scripts/churn.sh`.
@Suite("Churn", .serialized, .enabled(if: SandboxShell.isAvailable))
struct ChurnTests {
    private static let root = String(#filePath.dropLast("/Tests/ScenarioTests/ChurnTests.swift".count))
    private static let plans =
        ["--hooks auto", "--hooks iptables"] + (geteuid() == 0 ? ["--hooks bpf --links bpf"] : [])

    @Test(
        "no descriptor, thread, memory or rule is left of what has gone, and no packet is seen where it was not",
        .timeLimit(.minutes(5)), arguments: plans)
    func leavesNothing(options: String) throws {
        let output = try Command(
            ["\(Self.root)/scripts/churn.sh", LabRun.program, "32", "8"]
                + options.split(separator: " ").map(String.init)
        ).run()
        #expect(output.status == 0, "\(output.text)\(output.errorText)")
        #expect(output.text.contains("32 namespaces, 8 at once"), "\(output.text)\(output.errorText)")
    }
}
