import FoundationEssentials
import Glibc
import LinuxSystem
import Testing
import WalkModel
import Wire

@testable import Twin

/// Twenty busy containers of a real Docker engine, in a sandbox with its own engine and no way out of it: two networks,
/// published ports, names, and a WAN of their own. Everything in it works, and so nothing else may be told of it.
///
/// For ten seconds; `DOCKER_SECONDS=60` asks for a minute. `DOCKER_RUN` names a folder in which the run's files stay.
@Suite("On a real Docker engine", .serialized, .enabled(if: DockerEngine.isAvailable))
struct DockerEngineTests {
    @Test("no working packet is called failed, and nothing is said to be broken")
    func busyContainers() throws {
        let folder = try folder()
        defer { if getenv("DOCKER_RUN") == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let script = """
            cd "$(dirname '\(#filePath)')/../../fixtures/docker"
            . ./setup.sh
            \(LabRun.program) trace --packets --format json --record \(folder)/run.pcapng -- \
                sh -eu talk.sh \(DockerEngine.seconds) \(folder) > \(folder)/walks.json 2> \(folder)/warnings
            """
        let status = try Sandbox.run(path: "/bin/sh", arguments: ["sh", "-eu", "-c", script])
        try #require(status == 0, "\(text(folder, "warnings"))")

        // By the programs' own word everything arrived.
        let asked = text(folder, "talk.*").split(separator: "\n").filter { $0.hasPrefix("asked=") }
        #expect(asked.count == 21)
        #expect(asked.allSatisfy { $0.hasSuffix("failed=0") }, "\(text(folder, "talk.*"))")

        let walks = try text(folder, "walks.json").split(separator: "\n").map { try LabRun.walk($0) }
        #expect(walks.count > 20 * DockerEngine.seconds)
        for walk in walks {
            let errors = walk.findings.filter { $0.severity == .error }
            #expect(errors.isEmpty, "\(walk.id) \(walk.summary): \(errors.map(\.message))")
        }
        // What was lost of the evidence is told beside the walk; nothing is known of such a packet.
        let failed = walks.filter { $0.isOfPrograms && $0.hasFailed && !$0.losses.contains { !$0.isOfRuleTrace } }
        for walk in failed {
            Issue.record("\(walk.id) \(walk.summary): \(walk.outcome), \(walk.findings.map(\.message))")
        }
        print("\(asked.count) programs, \(walks.count) walks, \(failed.count) failed")
    }

    private func folder() throws -> String {
        if let given = getenv("DOCKER_RUN") { return String(cString: given) }
        var template = Array("/tmp/packetwalk-docker-XXXXXX".utf8CString)
        let path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        return try #require(path)
    }

    /// What files of a folder hold, by their names or a pattern.
    private func text(_ folder: String, _ files: String) -> String {
        (try? Command(["sh", "-c", "cat \(folder)/\(files)"]).run().text) ?? ""
    }
}

extension Walk {
    /// Whether a program sent it, rather than the kernel to find its neighbours and groups.
    fileprivate var isOfPrograms: Bool {
        switch kind.ipProtocol {
        case .tcp?, .udp?: !destination.isMulticast
        case .icmp?: !isICMPError
        default: false
        }
    }

    fileprivate var hasFailed: Bool { outcome != .delivered && outcome != .left }
}

private enum DockerEngine {
    static let isAvailable =
        LabRun.isAvailable && geteuid() == 0
        && (try? LabLibrary.find().lab(named: "docker-host-to-wan").unmetNeed(in: nil)) == .some(nil)
    static let seconds = getenv("DOCKER_SECONDS").flatMap { Int(String(cString: $0)) } ?? 10
}
