import Glibc
import LinuxSystem
import Testing

/// The object that ships is what its source gives.
@Suite struct DropProgramTests {
    private static let root = String(#filePath.dropLast("/Tests/ProbesTests/DropProgramTests.swift".count))
    private static let object = "\(root)/Sources/Probes/Drops/kfree_skb.bpf.o"

    /// Another version of the compiler gives other bytes.
    private static let canBuild =
        (try? Command(["\(root)/scripts/bpf.sh", "--check"]).run())?.status == 0

    @Test(.enabled(if: canBuild, "the toolchain's clang has no BPF target, or is another version"))
    func rebuildingGivesTheSameBytes() throws {
        let path = "/tmp/packetwalk-drop-program-\(getpid()).o"
        try #require(creat(path, 0o600) >= 0)
        defer { unlink(path) }
        let output = try Command(["\(Self.root)/scripts/bpf.sh", path]).run()
        try #require(output.status == 0, "\(output.errorText)")
        let isSame = try readFile(path) == readFile(Self.object)
        #expect(isSame, "kfree_skb.bpf.o is not what kfree_skb.bpf.c gives: run `make bpf`, and commit both")
    }
}
