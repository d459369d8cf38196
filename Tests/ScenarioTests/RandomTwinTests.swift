import LinuxSystem
import Testing

/// Random networks and what the script of `packetwalk twin` rebuilds of them. The judge is the kernel: every sighting on
/// every device and every rule's counter (`scripts/twins`; `make twins` compares two thousand).
@Suite("A twin of a random network") struct RandomTwinTests {
    private static let scripts =
        String(#filePath.dropLast("/Tests/ScenarioTests/RandomTwinTests.swift".count)) + "/scripts/twins/__main__.py"

    @Test("behaves as the network itself", .enabled(if: SandboxShell.isAvailable))
    func behavesAlike() throws {
        // Always the same ones here: make twins takes others, and two thousand of them.
        let output = try Command(["/usr/bin/python3", Self.scripts, LabRun.program, "--seed", "11", "--count", "6"])
            .run()
        print(output.text)
        #expect(output.status == 0, "\(output.text) \(output.errorText)")
        #expect(output.text.contains(" equal"))
    }
}
