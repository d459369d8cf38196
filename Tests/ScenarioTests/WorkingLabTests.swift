import Glibc
import Testing
import Twin
import WalkModel

/// Networks that work, traced while an ordinary program sends.
@Suite("In a lab that works", .serialized, .enabled(if: LabRun.isAvailable))
struct WorkingLabTests {
    static let labs: [String] =
        // Where something is to be found out, the packet arrives but its answer does not.
        (try? LabLibrary.find().labs())?.filter {
            $0.expected.outcome == "delivered" && $0.expected.code == nil && $0.unmetNeed(in: nil) == nil
        }
        .map(\.name) ?? []

    @Test("every packet of the probe has one walk with the hops written by hand", arguments: labs)
    func walks(name: String) throws {
        let lab = try LabLibrary.find().lab(named: name)
        let (run, replayed) = try LabRun.recorded(["lab", "run", name, "--trace", "--format", "json"])
        // The probe's own status says from outside that it was answered.
        #expect(run.status == 0, "\(run.standardError)")
        for problem in compare(run.walks, with: try lab.expectedWalks()) { Issue.record("\(name): \(problem)") }
        for walk in run.walks {
            let errors = walk.findings.filter { $0.severity == .error }
            #expect(errors.isEmpty, "\(name): \(walk.summary): \(errors.map(\.message))")
        }
        // The recording gives what the live run printed, in the order in which the packets were sent.
        #expect(replayed.lines.sorted() == run.lines.sorted(), "\(name): \(replayed.standardError)")
    }

    @Test(
        "a recording says in every form what the live run said",
        arguments: [
            [], ["-v"], ["--summary"], ["--where", "reply"], ["--where", "not reply", "--summary"],
        ])
    func forms(options: [String]) throws {
        let (live, replayed) = try LabRun.recorded(
            ["lab", "run", "wan-to-published-port", "--trace"] + options, replay: options)
        #expect(!live.standardOutput.isEmpty)
        // In the order in which the packets were sent.
        #expect(replayed.lines.sorted() == live.lines.sorted(), "\(replayed.standardError)")
    }

    @Test("the demo needs no root", .enabled(if: geteuid() == 0))
    func demoWithoutRoot() throws {
        let run = try LabRun.packetwalk(["demo", "--format", "json"], as: 65_534)
        #expect(run.status == 0, "\(run.standardError)")
        let lab = try LabLibrary.find().lab(named: "namespace-to-wan")
        for problem in compare(run.walks, with: try lab.expectedWalks()) { Issue.record("\(problem)") }
        #expect(!run.walks.isEmpty)
        let text = try LabRun.packetwalk(["demo"])
        #expect(text.status == 0 && text.standardOutput.contains("✔ delivered"), "\(text.standardOutput)")
    }
}
