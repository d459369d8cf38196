import Glibc
import Network
import Recording
import Runs
import Testing
import WalkModel

/// Recordings of several hosts, replayed together.
@Suite("The hosts of a replay")
struct HostLabelTests {
    /// The hosts that the walks and hops of two recordings name, which were made on `hosts`.
    private func named(_ hosts: [HostID]) throws -> Set<String?> {
        var template = Array("/tmp/packetwalk-hosts-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { rmdir(folder) }
        let batches = try Golden.batches("rule-drop-nftables.explain")
        var points: [CapturePoint] = []
        for (index, host) in hosts.enumerated() {
            let path = "\(folder)/\(index).pcapng"
            let writer = try RecordingWriter(path: path, options: RecordingOptions(host: host))
            for batch in batches { try writer.write(batch) }
            try writer.close()
            points.append(CapturePoint(path: path))
        }
        defer { for point in points { unlink(point.path) } }
        var run = try RecordedRun(points)
        var found: Set<String?> = []
        try run.replay { groups in
            for walk in groups.flatMap(\.exchanges).map(\.request) {
                #expect(walk.hops.allSatisfy { $0.host == walk.host })
                found.insert(walk.host)
            }
        }
        return found
    }

    @Test("one of two that have one name is called by its id as well")
    func sameName() throws {
        let hosts = [HostID(name: "box", id: "00c0ffee000000aa"), HostID(name: "box", id: "12345678000000bb")]
        #expect(try named(hosts) == ["box#00c0ffee", "box#12345678"])
    }

    @Test("names that differ are left alone, and so is one host twice")
    func otherName() throws {
        let alpha = HostID(name: "alpha", id: "00c0ffee000000aa")
        #expect(try named([alpha, HostID(name: "beta", id: "12345678000000bb")]) == ["alpha", "beta"])
        #expect(try named([alpha, alpha]) == ["alpha"])
    }
}
