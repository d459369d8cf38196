import FoundationEssentials
import LinuxSystem
import Testing
import WalkModel

/// `docs/schema/packetwalk.connection-1.json` knows every key and forbids all others.
@Suite("Connections in JSON", .enabled(if: LabRun.isAvailable))
struct ConnectionLinesTests {
    static let schema = "docs/schema/packetwalk.connection-1.json"
    /// Every sixth recording, and those with more than a packet.
    static let files =
        Golden.names.enumerated().filter { $0.offset % 6 == 0 }.map { "golden/\($0.element)" } + [
            "golden/namespace-to-wan-tcp.trace", "golden/docker-published-port-from-wan.trace", "cuts/connections",
            "cuts/download",
        ]

    private struct Line: Decodable {
        var schema: String
        var id: String
        var walks: [String]?
        var total: Int?

        enum CodingKeys: String, CodingKey {
            case schema, id, walks
            case total = "walks_total"
        }
    }

    @Test("are what the schema says, and every walk is in one of them") func connections() throws {
        let path = "/tmp/packetwalk-connections-\(UInt64.random(in: 0 ... .max)).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var lines: [Substring] = []
        for file in Self.files {
            let output = try Command([LabRun.program, "replay", "fixtures/\(file).pcapng.zst", "--format", "json"])
                .run()
            var walks: [String] = []
            var members: [String] = []
            for line in output.text.split(separator: "\n") {
                let found = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
                if found.schema == "packetwalk.connection/1" {
                    lines.append(line)
                    let named = found.walks ?? []
                    members += named
                    #expect(named.count == min(found.total ?? 0, 1000))
                    #expect(named.first == found.id)
                } else {
                    walks.append(found.id)
                }
            }
            #expect(walks.sorted() == members.sorted(), "\(file)")
        }
        #expect(lines.count >= Self.files.count / 2)
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path))
        let checked = try Command(["scripts/validate-json.py", Self.schema, path]).run()
        #expect(checked.status == 0, "\(checked.text.prefix(2000)) \(checked.errorText.suffix(500))")
        // The schema is no yes-man.
        for (part, other) in [
            ("\"outcome\":", "\"result\":"), ("\"count\":", "\"number\":"), ("\"kind\":\"tcp\"", "\"kind\":\"x\""),
        ] {
            let line = try #require(lines.first { $0.contains(part) })
            try Data(line.replacing(part, with: other).utf8).write(to: URL(filePath: path))
            #expect(try Command(["scripts/validate-json.py", Self.schema, path]).run().status == 1, "\(part)")
        }
    }

    @Test("are left out by --packets") func packets() throws {
        let run = try Command([
            LabRun.program, "replay", "fixtures/golden/namespace-to-wan-tcp.trace.pcapng.zst", "--packets", "--format",
            "json",
        ]).run()
        #expect(run.text.contains("packetwalk.walk/2") && !run.text.contains("packetwalk.connection"))
    }

    @Test("one failing flow among many stands first") func failing() throws {
        let files = [
            "namespace-to-wan-tcp.trace", "rule-drop-output-tcp.trace", "namespace-to-wan.trace", "two-bridges.trace",
        ]
        .map { "fixtures/golden/\($0).pcapng.zst" }
        for option in ["--summary", "--failed"] {
            let run = try Command([LabRun.program, "replay"] + files + [option]).run()
            let first = run.text.split(separator: "\n").prefix(10).joined(separator: "\n")
            #expect(first.contains("iptables filter OUTPUT 1 in"), "\(option): \(first)")
            #expect(first.contains("iptables -I OUTPUT 1"), "\(option): \(first)")
        }
    }

    @Test("a time is chosen by --since and --until") func times() throws {
        let file = "fixtures/cuts/download.pcapng.zst"
        func count(_ options: [String]) throws -> Int {
            try Command([LabRun.program, "replay", file, "--packets", "-q"] + options).run().text.split(separator: "\n")
                .count
        }
        let all = try count([])
        let early = try count(["--until", "+500ms"])
        let late = try count(["--since", "+500.001ms"])
        #expect(all > 0 && early > 0 && late > 0)
        #expect(early + late == all)
        #expect(try count(["--since", "2200-01-01"]) == 0)
        #expect(try count(["--until", "@1"]) == 0)
        let wrong = try Command([LabRun.program, "replay", file, "--since", "yesterdy"]).run()
        #expect(wrong.status == 64 && wrong.errorText.contains("--since yesterdy"))
    }
}
