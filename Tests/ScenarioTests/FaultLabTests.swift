import Glibc
import Synchronization
import Testing
import Network
import Twin
import WalkModel

/// Networks with a fault or more each: the packet is explained, what the first finding says is done, the packet sent
/// again; and the lab's own sender is traced.
@Suite("In a lab that fails", .enabled(if: LabRun.isAvailable))
struct FaultLabTests {
    /// All, or those that `PACKETWALK_ONLY_LABS` names, separated by blanks.
    private static let all: [Lab] = {
        let wanted = getenv("PACKETWALK_ONLY_LABS").map {
            Set(String(cString: $0).split(separator: " ").map(String.init))
        }
        let labs = (try? LabLibrary.find().labs()) ?? []
        return labs.filter { lab in
            lab.expected.code != nil && lab.unmetNeed(in: nil) == nil && wanted?.contains(lab.name) != false
        }
    }()
    static let labs = all.filter { !$0.isSlow }.map(\.name)
    static let slowLabs = all.filter(\.isSlow).map(\.name)

    private static let rows = Mutex<[FaultLabRow]>([])

    @Test("explain and trace name the cause and its place, and the remedy lets the packet arrive", arguments: labs)
    func findings(name: String) async throws {
        let lab = try LabLibrary.find().lab(named: name)
        let row = try await LabRun.inPlace {
            var row = try FaultLabRow(examining: lab)
            // Once more where anything differs: on a busy machine a listener, an answer or an event can come too late.
            if !row.problems.isEmpty {
                print("\(name), at first:", row.problems.joined(separator: "; "))
                row = try FaultLabRow(examining: lab)
            }
            return row
        }
        for problem in row.problems { Issue.record("\(name): \(problem)") }
        finish(row)
    }

    /// They can't be fixed in a sandbox: only the cause and its place are looked at.
    @Test(
        "explain names the cause and its place, however long the network takes to build",
        .enabled(if: getenv("PACKETWALK_SLOW_LABS") != nil), arguments: slowLabs)
    func slowFindings(name: String) throws {
        let lab = try LabLibrary.find().lab(named: name)
        let walk = try LabRun.packetwalk(["lab", "run", name, "--format", "json"]).causes.first
        let finding = try #require(walk?.findings.first, "\(name): no finding")
        #expect(walk?.outcome.rawValue == lab.expected.outcome)
        #expect(finding.code.rawValue == lab.expected.code, "\(name): \(finding.message)")
        #expect(lab.expected.isMet(by: finding), "\(name): \(finding.where): \(finding.message)")
    }

    @Test("a packet that no probe sees is explained from the state of the network", arguments: [nil, 65_534 as UInt32])
    func unseen(user: UInt32?) throws {
        // As another user than root only root itself can run it.
        if user != nil, geteuid() != 0 { return }
        let run = try LabRun.packetwalk(
            ["lab", "run", "rule-drop-output-tcp", "--hooks", "none", "--format", "json"], as: user)
        let finding = try #require(run.walks.first?.findings.first, "\(run.standardError)")
        #expect(finding.code == "rule-drop")
        #expect(finding.where.namespace == "mynamespace" && finding.where.hook == .output)
    }

    /// Keeps the row; behind the last one the table is written, where that is wanted.
    private func finish(_ row: FaultLabRow) {
        let rows = Self.rows.withLock { rows in
            rows.append(row)
            return rows
        }
        guard rows.count == Self.labs.count, getenv("PACKETWALK_WRITE_TABLES") != nil else { return }
        do {
            try FaultLabRow.write(rows)
        } catch {
            Issue.record("the table of labs could not be written: \(error)")
        }
    }
}

extension LabRun {
    /// The walks that have findings; what repeats the cause before it (a segment sent again) is left out.
    var causes: [Walk] {
        var causes: [Walk] = []
        // In the order in which they were sent: each is printed when it has been answered, or waited for.
        for walk in walks.sorted(by: { $0.startNanoseconds < $1.startNanoseconds }) {
            guard let finding = walk.findings.first else { continue }
            // The same rule may be known by its trace once and by the ruleset's state another time.
            if let before = causes.last?.findings.first, before.code == finding.code, before.where == finding.where {
                continue
            }
            causes.append(walk)
        }
        return causes
    }
}

extension Lab.Expectation {
    /// Whether a finding points where it must, and says what it must.
    func isMet(by finding: Finding) -> Bool {
        if let namespace = place?.namespace, finding.where.namespace != namespace { return false }
        if let hook = place?.hook, finding.where.hook?.rawValue != hook { return false }
        if let device = place?.device, finding.where.device != device { return false }
        if let rule = place?.rule, finding.rule?.text?.contains(rule) != true { return false }
        let text = ([finding.message] + finding.evidence.map(\.description)).joined(separator: "\n")
        return (says ?? []).allSatisfy { text.contains($0) }
    }
}
