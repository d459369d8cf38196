import Glibc
import Synchronization
import Testing
import Topology
import Twin
import Walks

/// Networks with one fault each: the packet is explained, what the first finding says is done, the packet sent again.
@Suite("In a lab that fails", .serialized, .enabled(if: LabRun.isAvailable))
struct FaultLabTests {
    static let labs: [String] =
        (try? LabLibrary.find().labs())?.filter { $0.expected.code != nil && $0.unmetNeed(in: nil) == nil }.map(\.name)
        ?? []

    /// What is known not to be found yet, and why.
    static let knownGaps: [String: String] = [
        "duplicate-address": "the wrong holder refuses the packet, and a missing listener there is named first",
        "no-source-nat-ipv6": "the walk breaks in two while the next hop's address is asked for",
        "socket-buffer-full": "the full buffer shows only while the datagrams still arrive",
        "port-not-published": "a published port is looked for by the container's own port number only",
    ]

    private static let rows = Mutex<[Row]>([])

    /// A lab's line of `docs/labs.md`.
    private struct Row {
        var lab: Lab
        var found = false
        var place = false
        /// Nil where the finding names no commands: what would mend it is not for a command to do.
        var mended: Bool?

        var line: String {
            let remedy = mended.map { $0 ? "yes" : "no" } ?? "none named"
            return
                "| \(lab.name) | \(lab.expected.code ?? "") | \(found ? "yes" : "no") | \(place ? "yes" : "no") | \(remedy) |"
        }
    }

    @Test("the first finding names the cause and its place", arguments: labs)
    func firstFinding(name: String) throws {
        let lab = try LabLibrary.find().lab(named: name)
        var row = Row(lab: lab)
        defer { Self.rows.withLock { $0.append(row) } }
        var (run, replayed) = try LabRun.recorded(["lab", "run", name, "--mend", "--format", "json"])
        // Once more where nothing was found at all: on a busy machine a lab's listener can come too late.
        if run.walks.allSatisfy({ $0.findings.isEmpty }) {
            (run, replayed) = try LabRun.recorded(["lab", "run", name, "--mend", "--format", "json"])
        }
        checkRecording(name, run, replayed)
        let walk = run.walks.first { !$0.findings.isEmpty } ?? run.walks.first
        let finding = walk?.findings.first
        row.found = finding?.code == lab.expected.code
        row.place = row.found && finding.map { matches($0, lab.expected.place) } == true
        if row.found, let remedy = finding?.remedy, !remedy.commands.isEmpty { row.mended = remedy.verified }
        let outcome = walk?.outcome.rawValue
        func check() {
            #expect(outcome == lab.expected.outcome, "\(name)")
            #expect(
                finding?.code == lab.expected.code,
                "\(name): \(finding?.message ?? "no finding") \(run.standardError.prefix(300))")
            #expect(
                row.place,
                "\(name): \(String(describing: finding?.where)), not \(String(describing: lab.expected.place))")
        }
        if let gap = Self.knownGaps[name] {
            withKnownIssue("\(gap)", isIntermittent: true) { check() }
        } else {
            check()
        }
    }

    /// The recording holds the run before the mending: it gives each of that run's walks as it was printed, but for
    /// what the mending showed.
    private func checkRecording(_ name: String, _ run: LabRun, _ replayed: LabRun) {
        var seen = 0
        for walk in run.walks {
            guard let again = replayed.walks.first(where: { $0.id == walk.id && $0.start == walk.start }) else {
                continue
            }
            var expected = walk
            for index in expected.findings.indices { expected.findings[index].remedy?.verified = false }
            #expect(again == expected, "\(name): a replayed walk differs")
            seen += 1
        }
        #expect(seen > 0 || run.walks.isEmpty, "\(name): nothing of the run is in its recording")
    }

    private func matches(_ finding: Finding, _ place: Lab.Expectation.Place?) -> Bool {
        guard let place else { return true }
        if let namespace = place.namespace, finding.where.namespace != namespace { return false }
        if let hook = place.hook, finding.where.hook?.rawValue != hook { return false }
        if let device = place.device, finding.where.device != device { return false }
        if let rule = place.rule, finding.rule?.text?.contains(rule) != true { return false }
        return true
    }

    /// Runs behind the labs, since the suite is serialized and tests run in the order of their source.
    @Test("the table of labs can be written", .enabled(if: getenv("PACKETWALK_WRITE_TABLES") != nil))
    func table() throws {
        let rows = Self.rows.withLock { $0 }.sorted { $0.lab.name < $1.lab.name }
        #expect(rows.count == Self.labs.count, "the labs must run before their table")
        var text = """
            # Labs of networks that fail

            Written by the test run (`PACKETWALK_WRITE_TABLES=1 swift test --filter FaultLabTests`). For each lab: whether
            the first finding is the expected cause, whether it points at the right namespace, hook, device and rule, and
            whether the same packet arrives once the commands that it names have been run.

            | lab | cause | found | place | remedy works |
            | --- | --- | --- | --- | --- |

            """
        for row in rows { text += row.line + "\n" }
        let labs = try LabLibrary.find().directory
        let path = "\(labs)/../../docs/labs.md"
        let file = try #require(fopen(path, "w"), "cannot write \(path)")
        defer { fclose(file) }
        #expect(fputs(text, file) >= 0)
    }
}
