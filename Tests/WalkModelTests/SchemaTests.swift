import FoundationEssentials
import LinuxSystem
import Testing

@testable import WalkModel

/// `docs/schema/packetwalk.walk-2.json` knows every key and forbids all others, so it fails where the writer and it
/// differ.
@Suite("The walks of all labs", .enabled(if: GoldenWalks.isAvailable && GoldenWalks.hasSchemaLibrary))
struct SchemaTests {
    static let schema = "docs/schema/packetwalk.walk-2.json"

    private func validate(_ files: String) throws -> Command.Output {
        try Command(["sh", "-c", "scripts/validate-json.py \(Self.schema) \(files)"]).run()
    }

    @Test("are what the JSON Schema says") func valid() throws {
        let output = try validate("\(GoldenWalks.folder)/*.jsonl.zst")
        #expect(output.status == 0, "\(output.text.prefix(2000)) \(output.errorText.suffix(500))")
    }

    @Test(
        "are not, with a key renamed, left out or added",
        arguments: [
            ("\"hops\":", "\"steps\":"), ("\"offset_ns\":", "\"offsetNanoseconds\":"), ("\"host\":\"", "\"name\":\""),
            ("\"kind\":{", "\"kind\":{\"version\":4,"), ("\"ttl\":64", "\"ttl\":\"64\""), ("\"losses\":[],", ""),
        ])
    func invalid(part: String, replacement: String) throws {
        let file = "\(GoldenWalks.folder)/rule-drop-nftables.explain.jsonl.zst"
        let walk = try Command(["zstd", "-dcq", file]).run().text
        let path = "/tmp/packetwalk-schema-\(UInt64.random(in: 0 ... .max)).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(walk.utf8).write(to: URL(filePath: path))
        #expect(try validate(path).status == 0)
        try #require(walk.contains(part))
        try Data(walk.replacing(part, with: replacement).utf8).write(to: URL(filePath: path))
        #expect(try validate(path).status == 1)
    }
}

@Suite("The walks of all labs as values", .enabled(if: GoldenWalks.isAvailable))
struct GoldenRoundTripTests {
    @Test("are written as they were read, byte for byte, and read as they were written")
    func roundTrip() throws {
        let lines = try GoldenWalks.lines()
        #expect(!lines.isEmpty)
        for line in lines {
            let walk = try WalkJSON.walk(from: line.utf8)
            let written = WalkJSON.line(walk)
            guard written == line else {
                Issue.record("\(written) is not \(line)")
                return
            }
            #expect(try WalkJSON.walk(from: written.utf8) == walk)
        }
    }
}
