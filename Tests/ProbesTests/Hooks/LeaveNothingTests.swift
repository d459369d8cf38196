import LinuxSystem
import Testing

/// Hooks leave nothing behind, however the run ends: see `scripts/leave-nothing.sh`.
@Suite struct LeaveNothingTests {
    private static let root = String(#filePath.dropLast("/Tests/ProbesTests/Hooks/LeaveNothingTests.swift".count))
    private static let program = "\(root)/.build/debug/hook-exercise"

    /// Fifty runs of each backend are killed at random moments; others end by SIGINT, SIGTERM and of themselves.
    @Test(.timeLimit(.minutes(10)), .enabled(if: isThere(program), "hook-exercise is not built"))
    func rulesNamespacesAndProcessesAreAsBefore() throws {
        let seed = UInt32.random(in: 1...99_999)
        let output = try Command(["\(Self.root)/scripts/leave-nothing.sh", Self.program, "\(seed)", "50"]).run()
        #expect(output.status == 0, "\(output.text)\(output.errorText)")
        #expect(output.text.hasPrefix("seed \(seed): killed 100 runs"), "\(output.text)")
    }
}

private func isThere(_ path: String) -> Bool { (try? readFile(path)) != nil }
