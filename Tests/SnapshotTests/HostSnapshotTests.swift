import Snapshot
import Testing

@Suite struct HostSnapshotTests {
    @Test func namesANamespace() {
        let snapshot = HostSnapshot(
            host: "here", time: "2026-01-01T00:00:00Z", kernel: "6.1", namespaces: [.init(name: "host", inode: 7)])
        #expect(snapshot[namespace: "host"]?.inode == 7)
        #expect(snapshot[namespace: "web"] == nil)
    }
}
