internal import ArgumentParser
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Runs
internal import Snapshot
internal import Twin
internal import Views

struct TwinCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "twin",
        abstract: "Write a script that rebuilds a network in a sandbox, or open a shell in there.",
        discussion: """
            The script needs neither this program nor root: `packetwalk twin host.json > twin.sh` and `sh twin.sh` on any \
            Linux machine. It is the shortest path from "it is broken here" to a report that others can run. What cannot be \
            rebuilt is replaced, and listed on standard error.
            """)

    @Argument(
        help: ArgumentHelp("A file of packetwalk snapshot.", valueName: "file"), completion: .file(extensions: ["json"])
    )
    var file: String?

    @Flag(help: "This machine's network instead of a file's.")
    var live = false

    @Flag(help: "Print the script (the default).")
    var script = false

    @Flag(help: "Rebuild the network and open a shell in it.")
    var shell = false

    @Option(
        name: .customLong("in"),
        help: ArgumentHelp("Rebuild only this namespace (repeatable).", valueName: "namespace"),
        completion: Completion.namespaces)
    var namespaces: [String] = []

    @Option(
        help: ArgumentHelp(
            "Build what this assumption takes for granted the other way: hook-order asks the chains of iptables-legacy last.",
            valueName: "assumption"))
    var otherwise: Otherwise?

    enum Otherwise: String, ExpressibleByArgument {
        case hookOrder = "hook-order"
    }

    @Flag(help: "Replace addresses, preserving prefixes, and names of namespaces; leave comments out.")
    var anonymize = false

    @OptionGroup
    var pager: PagerOptions

    func validate() throws {
        guard live != (file != nil) else {
            throw ValidationError("name a snapshot's file, or say --live for this machine's network")
        }
        guard !script || !shell else { throw ValidationError("--script prints, --shell opens a shell: choose one") }
    }

    func run() throws {
        let source = try TwinSource(file)
        var snapshot = source.snapshot
        if !namespaces.isEmpty {
            let chosen = try namespaces.map { try source.namespace($0) }
            snapshot.namespaces.removeAll { !chosen.contains($0.name) }
        }
        if anonymize { snapshot = snapshot.anonymized() }
        let twin = TwinScript(
            snapshot, options: TwinScript.Options(tablesBeforeLegacy: otherwise == .hookOrder ? 0 : nil))
        for warning in snapshot.warnings { complain(warning) }
        for assumption in twin.assumptions where assumption.code.rawValue != otherwise?.rawValue {
            let place = assumption.namespace.map { "\($0): " } ?? ""
            complain("assumption: \(assumption.code.rawValue): \(visibleText(place + assumption.text))")
        }
        guard shell else {
            pager.begin()
            return try printOut(twin.text)
        }
        try open(twin)
    }

    /// The script is handed over as a file without a name, so that nothing stays behind, also after kill -9: the shell finds
    /// it by the descriptor that it inherits.
    private func open(_ twin: TwinScript) throws {
        var path = Array("/tmp/packetwalk-twin-XXXXXX".utf8CString)
        let descriptor = path.withUnsafeMutableBufferPointer { $0.baseAddress.map { mkstemp($0) } ?? -1 }
        guard descriptor >= 0 else {
            throw RunError(.cannotWrite, "cannot write the script to /tmp: \(String(cString: strerror(errno)))")
        }
        path.withUnsafeBufferPointer { _ = $0.baseAddress.map { unlink($0) } }
        var bytes = Array(twin.text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR {
                throw RunError(.cannotWrite, "cannot write the script to /tmp: \(String(cString: strerror(errno)))")
            }
            bytes = bytes.dropFirst(max(0, count))
        }
        throw ExitCode(try Command(["sh", "/proc/self/fd/\(descriptor)"]).start().wait())
    }
}
