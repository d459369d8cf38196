import FoundationEssentials
import LinuxSystem
import Testing

/// Captures with faults and of rare kinds, each with what `replay` has to say of it (`fixtures/captures/want.tsv`, from
/// `make.py` and by hand): nothing that was there before a fault is lost, and what is wrong is said in one line.
@Suite("A capture file") struct CaptureFileTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var file: String
        /// `walks`: whatever the walks give.
        var status: String
        var walks: Int
        /// In the JSON of every walk.
        var shown: String
        /// Behind the file's name; or the whole message. Several are parted by ` ; `.
        var errors: [String]
        var testDescription: String { file }
    }

    private static let folder =
        String(#filePath.dropLast("/Tests/ScenarioTests/CaptureFileTests.swift".count)) + "/fixtures/captures"

    static let rows: [Row] = {
        let data = FileManager.default.contents(atPath: "\(folder)/want.tsv") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst().compactMap { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard cells.count == 5, let walks = Int(cells[2]) else { return nil }
            let errors = cells[4].components(separatedBy: " ; ").filter { !$0.isEmpty }
            return Row(file: cells[0], status: cells[1], walks: walks, shown: cells[3], errors: errors)
        }
    }()

    @Test("says what is in it and what is wrong", arguments: rows)
    func replay(row: Row) throws {
        let path = "\(Self.folder)/\(row.file)"
        let output = try Command([LabRun.program, "replay", path, "--packets", "--format", "json"]).run()
        if row.status == "walks" {
            #expect(output.status == 0 || output.status == 1)
        } else {
            #expect("\(output.status)" == row.status, "\(output.errorText)")
        }
        let walks = output.text.split(separator: "\n")
        #expect(walks.count == row.walks)
        #expect(walks.allSatisfy { row.shown.isEmpty || $0.contains(row.shown) })
        let lines = output.errorText.split(separator: "\n").filter { !$0.contains("no network state") }
        let told = lines.filter { line in row.errors.contains { line.hasSuffix($0) } }
        #expect(told.count == row.errors.count, "\(output.errorText)")
        #expect(lines.allSatisfy { told.contains($0) || $0.hasSuffix("no packets in this capture") })
    }

    @Test("of every kind that was reported has its row") func all() {
        #expect(Self.rows.count == 46)
    }
}
