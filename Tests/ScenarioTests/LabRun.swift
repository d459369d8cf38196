import FoundationEssentials
import Glibc
import LinuxSystem
import Twin
import WalkModel

/// The command as it was built, run on a lab.
struct LabRun {
    var status: Int32
    var walks: [Walk]
    var standardOutput: String
    var standardError: String

    /// `$PACKETWALK`, else the program beside the test bundle.
    static let program: String = {
        if let value = getenv("PACKETWALK") { return String(cString: value) }
        let arguments = CommandLine.arguments.flatMap { $0.split(separator: "\n").map(String.init) }
        let bundle = arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        let path = bundle.components(before: ".xctest")
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return "\(folder)/packetwalk"
    }()

    var lines: [Substring] { standardOutput.split(separator: "\n") }

    /// Runs `packetwalk` with `arguments` and reads the walks among its output.
    static func packetwalk(_ arguments: [String], as user: UInt32? = nil) throws -> LabRun {
        let identity = user.map { ["setpriv", "--reuid", "\($0)", "--regid", "\($0)", "--clear-groups", "--"] } ?? []
        let output = try Command(identity + [program] + arguments).run()
        var walks: [Walk] = []
        for line in output.text.split(separator: "\n") where line.hasPrefix("{") && !isConnection(line) {
            walks.append(try walk(line))
        }
        return LabRun(
            status: output.status, walks: walks, standardOutput: output.text, standardError: output.errorText)
    }

    /// Whether a line of JSON is a connection's.
    static func isConnection(_ line: some StringProtocol) -> Bool {
        line.contains(#""schema":"packetwalk.connection/1""#)
    }

    /// A walk as `--format json` writes it.
    static func walk(_ line: some StringProtocol) throws -> Walk { try WalkJSON.walk(from: line.utf8) }

    /// Runs `packetwalk` with `--record`, and `replay` on what was recorded.
    static func recorded(
        _ arguments: [String], replay options: [String] = ["--format", "json"]
    ) throws -> (live: LabRun, replayed: LabRun) {
        var file = Array("/tmp/packetwalk-test-XXXXXX.pcapng".utf8CString)
        let descriptor = mkstemps(&file, 7)
        close(descriptor)
        let path = String(decoding: file.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { unlink(path) }
        let live = try packetwalk(arguments + ["--record", path])
        return (live, try packetwalk(["replay", path] + options))
    }

    /// Options that hide what of a lab lies beyond the host's uplink, where its packet is not sent from there.
    static func hiding(_ name: String) throws -> [String] {
        let lab = try LabLibrary.find().lab(named: name)
        return lab.far.filter { $0 != lab.probe.from }.flatMap { ["--hide", $0] }
    }

    /// Whether the command can run labs.
    static let isAvailable = (try? packetwalk(["lab", "list"]))?.status == 0
}

extension String {
    /// What stands before the first `part`, all where it is not found.
    fileprivate func components(before part: String) -> String {
        var end = startIndex
        while end < endIndex {
            if self[end...].hasPrefix(part) { return String(self[..<end]) }
            end = index(after: end)
        }
        return self
    }
}
