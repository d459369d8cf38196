import Glibc
import LinuxSystem
import Testing

/// The objects that ship are what their sources give.
@Suite struct DropProgramTests {
    private static let root = String(#filePath.dropLast("/Tests/ProbesTests/DropProgramTests.swift".count))

    /// Another version of the compiler gives other bytes.
    private static let canBuild =
        (try? Command(["\(root)/scripts/bpf.sh", "--check"]).run())?.status == 0

    @Test(
        .enabled(if: canBuild, "the toolchain's clang has no BPF target, or is another version"),
        arguments: [
            "Sources/Probes/Drops/kfree_skb.bpf", "Sources/Probes/Sightings/sighting.bpf",
            "fixtures/labs/xdp-drop/drop.bpf",
        ])
    func rebuildingGivesTheSameBytes(program: String) throws {
        let path = "/tmp/packetwalk-\(getpid())-\(program.split(separator: "/").last ?? "").o"
        try #require(creat(path, 0o600) >= 0)
        defer { unlink(path) }
        let output = try Command(["\(Self.root)/scripts/bpf.sh", path, "\(Self.root)/\(program).c"]).run()
        try #require(output.status == 0, "\(output.errorText)")
        let isSame = try readFile(path) == readFile("\(Self.root)/\(program).o")
        #expect(isSame, "\(program).o is not what \(program).c gives: run `make bpf`, and commit both")
    }
}
