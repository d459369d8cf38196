import Foundation
import LinuxSystem
import Testing

/// What the tutorial and the guides say is printed is what is printed (`make docs` writes it again).
@Suite("Documents show what the program prints", .enabled(if: SandboxShell.isAvailable))
struct TutorialTests {
    static let files = ["docs/tutorial", "docs/guides"].flatMap { folder in
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".md") }
            .sorted().map { "\(folder)/\($0)" }
    }

    @Test("and commands that the labs have", arguments: files)
    func commands(file: String) throws {
        let path = Foundation.ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let run = try Command(
            ["scripts/tutorial.py", "--check", LabRun.program, file], environment: ["PATH": path]
        ).run()
        #expect(run.status == 0, "\(run.text)\(run.errorText)")
    }

    @Test("and links lead to pages that are there")
    func links() throws {
        #expect(Self.files.count >= 13)
        for file in Self.files + ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
            let text = String(decoding: try readFile(file), as: UTF8.self)
            let folder = file.contains("/") ? file.split(separator: "/").dropLast().joined(separator: "/") : "."
            for match in text.matches(of: /\]\((?<target>[^)#\s]+)(#[^)]*)?\)/) where !match.target.contains("://") {
                #expect(FileManager.default.fileExists(atPath: "\(folder)/\(match.target)"), "\(file): \(match.target)")
            }
        }
    }
}
