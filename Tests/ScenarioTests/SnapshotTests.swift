import FoundationEssentials
import Glibc
import LinuxSystem
import Testing

/// What a person reads, byte for byte: help, the drawing of three labs, and the text of every finding.
///
/// `scripts/snapshots.sh` writes `fixtures/snapshots` again; a commit that changes one says why.
@Suite("What a person reads is as it was written down")
struct SnapshotTests {
    private static let isWriting = getenv("PACKETWALK_WRITE_SNAPSHOTS") != nil

    static let commands = [
        [], ["demo"], ["map"], ["trace"], ["explain"], ["snapshot"], ["predict"], ["check"], ["compare"], ["twin"],
        ["record"], ["replay"], ["export"], ["lab"], ["lab", "list"], ["lab", "next"],
        ["lab", "show"], ["lab", "run"], ["lab", "shell"], ["doctor"], ["cleanup"],
    ]
    static let recordings = ["namespace-to-wan.explain", "rule-drop-nftables.explain", "no-source-nat.explain"]
    static let forms: [(suffix: String, options: [String])] = [
        ("txt", []), ("verbose.txt", ["-v"]), ("quiet.txt", ["-q"]), ("ascii.txt", ["--ascii"]),
        ("summary.txt", ["--summary"]), ("jsonl", ["--format", "json"]),
    ]

    @Test("of --help", arguments: commands)
    func help(command: [String]) throws {
        try compare(
            try output(command + ["--help"]), with: "help/\((["packetwalk"] + command).joined(separator: "-")).txt")
    }

    @Test("of a lab", arguments: recordings)
    func walks(name: String) throws {
        for form in Self.forms {
            let text = try output(["replay", "fixtures/golden/\(name).pcapng.zst"] + form.options)
            try compare(text, with: "walks/\(name).\(form.suffix)")
        }
    }

    /// Connections, series and faults: one that went well, one whose SYN is dropped, pings of which some fail.
    static let exchanges = [
        "golden/namespace-to-wan-tcp.trace", "golden/rule-drop-output-tcp.trace", "golden/no-listener-tcp.trace",
        "golden/tutorial-09-address-on-port.trace", "golden/namespace-to-wan-udp.trace", "cuts/download",
    ]

    @Test("of a connection", arguments: exchanges)
    func connections(path: String) throws {
        let name = String(path.split(separator: "/").last ?? "")
        for (suffix, options) in [
            ("txt", []), ("quiet.txt", ["-q"]), ("summary.txt", ["--summary"]), ("failed.txt", ["--failed"]),
        ] {
            let text = try output(["replay", "fixtures/\(path).pcapng.zst"] + options)
            if suffix == "failed.txt", text.isEmpty { continue }
            try compare(text, with: "connections/\(name).\(suffix)")
        }
    }

    @Test(
        "of a packet that could not be sent: it is shown, and the status says so",
        arguments: ["no-route-ipv6", "link-down-namespace-ipv6", "loopback-down-ipv6"])
    func unsent(lab: String) throws {
        let run = try command(["replay", "fixtures/golden/\(lab).explain.pcapng.zst"]).run()
        #expect(run.status == 1)
        try compare(run.text + run.errorText, with: "walks/\(lab).explain.txt")
    }

    @Test("of every finding")
    func findings() throws {
        var text = ""
        for name in Golden.names where name.hasSuffix(".explain") {
            var seen: Set<String> = []
            for line in try Golden.expected(name).split(separator: "\n") {
                let walk = try JSONDecoder().decode(Findings.self, from: Data(line.utf8))
                for finding in walk.findings where seen.insert(finding.message).inserted {
                    text += "\(name.dropLast(".explain".count)): \(finding.code), \(finding.severity)\n"
                    text += "    \(finding.message)\n"
                    for command in finding.remedy?.commands ?? [] { text += "    $ \(command)\n" }
                }
            }
        }
        try compare(text, with: "findings.txt")
    }

    /// Of a walk's JSON, what a person reads of its findings.
    private struct Findings: Decodable {
        struct Finding: Decodable {
            struct Remedy: Decodable { var commands: [String] }
            var code: String
            var severity: String
            var message: String
            var remedy: Remedy?
        }
        var findings: [Finding]
    }

    private func command(_ arguments: [String]) -> Command {
        Command(
            [LabRun.program] + arguments,
            environment: ["COLUMNS": "80", "LC_ALL": "C.UTF-8", "TERM": "dumb", "TZ": "UTC"])
    }

    private func output(_ arguments: [String]) throws -> String { try command(arguments).run().text }

    private func compare(_ text: String, with name: String) throws {
        let path = "fixtures/snapshots/\(name)"
        if Self.isWriting {
            try FileManager.default.createDirectory(
                atPath: String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
            return
        }
        let expected = String(decoding: try readFile(path), as: UTF8.self)
        #expect(!text.isEmpty)
        if text == expected { return }
        let (actual, wanted) = (lines(text), lines(expected))
        let different = zip(actual, wanted).enumerated().first { $0.element.0 != $0.element.1 }
        Issue.record(
            """
            \(path), \(actual.count) lines instead of \(wanted.count), first differs in line \((different?.offset ?? -1) + 1):
              is:     \(different?.element.0 ?? "")
              wanted: \(different?.element.1 ?? "")
            """)
    }

    private func lines(_ text: String) -> [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
}
