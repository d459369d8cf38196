import Testing
import WalkModel

/// What `replay` says of captures that other programs made.
@Suite("replay", .enabled(if: LabRun.isAvailable))
struct ReplayStatusTests {
    @Test(
        "ends with 0 where every packet left, answered or not",
        arguments: ["any-sll", "any-sll2", "nflog", "point-client", "point-server"])
    func left(name: String) throws {
        let run = try LabRun.packetwalk([
            "replay", "fixtures/captures/\(name).pcap.zst", "--packets", "--format", "json",
        ])
        #expect(run.walks.contains { $0.outcome == .left && $0.answers == nil })
        #expect(!run.walks.contains { [.dropped, .rejected, .lost, .unsent].contains($0.outcome) })
        #expect(run.status == 0)
    }

    @Test("ends with 1 where one was dropped")
    func dropped() throws {
        let run = try LabRun.packetwalk(
            ["replay", "fixtures/golden/rule-drop-nftables.explain.pcapng.zst", "--packets", "--format", "json"])
        #expect(run.walks.contains { $0.outcome == .dropped })
        #expect(run.status == 1)
    }

    @Test("names the hooks of packets that were seen nowhere else")
    func hooks() throws {
        let run = try LabRun.packetwalk(["replay", "fixtures/captures/nflog.pcap.zst", "--packets"])
        for hook in ["prerouting", "forward", "postrouting"] { #expect(run.standardOutput.contains(hook)) }
    }
}
