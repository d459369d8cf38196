import Testing
import Twin
import WalkModel

/// Networks that let one small packet of root's pass, and not all that others send.
@Suite("Of a packet that arrives", .enabled(if: LabRun.isAvailable))
struct NoteTests {
    static let labs: [String] =
        (try? LabLibrary.find().labs())?.filter { !$0.notes.isEmpty && $0.unmetNeed(in: nil) == nil }.map(\.name) ?? []

    @Test("explain notes what could stop other traffic, and it stays a success", arguments: labs, [false, true])
    func notes(name: String, isHidden: Bool) throws {
        let lab = try LabLibrary.find().lab(named: name)
        let hiding = isHidden ? try LabRun.hiding(name) : []
        let run = try LabRun.packetwalk(["lab", "run", name, "--format", "json"] + hiding)
        #expect(run.status == 0, "\(run.standardError)")
        let findings = run.walks.flatMap(\.findings)
        #expect(findings.map(\.code.rawValue) == lab.notes.map(\.code))
        for (finding, note) in zip(findings, lab.notes) {
            #expect(finding.severity == .info)
            #expect(note.isMet(by: finding), "\(finding.where): \(finding.message)")
        }
    }

    @Test(
        "a network without such rules, whose links are alike, has no note",
        arguments: ["namespace-to-wan", "same-bridge"], [false, true])
    func none(name: String, isHidden: Bool) throws {
        let hiding = isHidden ? try LabRun.hiding(name) : []
        let run = try LabRun.packetwalk(["lab", "run", name, "--format", "json"] + hiding)
        #expect(run.status == 0, "\(run.standardError)")
        #expect(run.walks.flatMap(\.findings).isEmpty)
    }
}
