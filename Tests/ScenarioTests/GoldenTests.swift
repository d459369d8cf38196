import FoundationEssentials
import Glibc
import LinuxSystem
import Testing

/// Every lab was run once under `explain` and once under `trace`, with `--record`. The recordings stand in
/// `fixtures/golden`, and beside each one the JSON that `replay` gave for it. A change of the program that changes any of
/// it on purpose writes the JSON again (`scripts/golden.sh`), and its commit says what changed.
@Suite("Recordings of all labs", .enabled(if: !Golden.names.isEmpty))
struct GoldenTests {
    @Test("give the walks and findings that were written down", arguments: Golden.names)
    func replay(name: String) throws {
        let outcome = try Golden.replay(name)
        let expected = try Golden.expected(name)
        #expect(outcome.status == 0 || outcome.status == 1, "\(outcome.errorText)")
        let actual = outcome.text.split(separator: "\n")
        let wanted = expected.split(separator: "\n")
        #expect(actual.count == wanted.count, "\(name): \(actual.count) walks instead of \(wanted.count)")
        for (index, pair) in zip(actual, wanted).enumerated() where pair.0 != pair.1 {
            Issue.record("\(name): walk \(index + 1): \(Golden.difference(String(pair.0), String(pair.1)))")
            break
        }
    }

    @Test("are there for every lab that can be run on the kernel they were made on")
    func complete() throws {
        let labs = try FileManager.default.contentsOfDirectory(atPath: "fixtures/labs").filter { !$0.contains(".") }
        // VLAN filtering is not in that kernel, and filling a conntrack table is left to the slow tests.
        let missing = Set(labs).subtracting(Golden.names.map { String($0.prefix { $0 != "." }) })
            .subtracting(["bridge-port-blocked-vlan", "conntrack-full"])
        #expect(missing.isEmpty, "labs without a recording: \(missing.sorted())")
    }
}

enum Golden {
    /// `no-route.explain`, `no-route.trace`, …
    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: "fixtures/golden")) ?? [])
        .filter { $0.hasSuffix(".jsonl.zst") }.map { String($0.dropLast(".jsonl.zst".count)) }.sorted()

    static func replay(_ name: String) throws -> Command.Output {
        try Command([LabRun.program, "replay", "fixtures/golden/\(name).pcapng.zst", "--packets", "--format", "json"])
            .run()
    }

    static func expected(_ name: String) throws -> String {
        let output = try Command(["zstd", "-dcq", "fixtures/golden/\(name).jsonl.zst"]).run()
        return output.text
    }

    /// What differs first, with some text around it.
    static func difference(_ actual: String, _ wanted: String) -> String {
        let left = Array(actual.utf8)
        let right = Array(wanted.utf8)
        let at =
            zip(left, right).enumerated().first { $0.element.0 != $0.element.1 }?.offset
            ?? min(left.count, right.count)
        func around(_ bytes: [UInt8]) -> String {
            String(decoding: bytes[max(0, at - 80)..<min(bytes.count, at + 120)], as: UTF8.self)
        }
        return "\n  is:     …\(around(left))…\n  wanted: …\(around(right))…"
    }
}
