import LinuxSystem
import Testing

/// The command leaves nothing behind when it is killed: see `scripts/kill-command.sh`.
@Suite("Killed at a random moment", .enabled(if: SandboxShell.isAvailable))
struct KillTests {
    private static let root = String(#filePath.dropLast("/Tests/ScenarioTests/KillTests.swift".count))

    @Test("trace, explain and record leave all as it was, fifty times with each hook backend", .timeLimit(.minutes(15)))
    func leavesNothing() throws {
        let seed = UInt32.random(in: 1...99_999)
        let output = try Command(
            ["\(Self.root)/scripts/kill-command.sh", LabRun.program, "\(seed)", "50"]
        ).run()
        #expect(output.status == 0, "\(output.text)\(output.errorText)")
        #expect(output.text.hasPrefix("seed \(seed): killed 100 runs"), "\(output.text)")
    }
}
