internal import Glibc
internal import LinuxSystem

extension Lab {
    /// Runs the `setup.sh` of every layer in the sandbox that this process is in, with `sh -eu`.
    ///
    /// What the commands started in the background (listeners) goes on and ends with the sandbox. Throws `LabError`
    /// naming the command that failed.
    public func build(in sandbox: Sandbox) throws(LabError) {
        if let lack = unmetNeed(in: sandbox) { throw LabError(lab: name, problem: "cannot be built: \(lack)") }
        do {
            try files.unpack()
        } catch {
            throw LabError(lab: name, problem: "cannot be built: \(error)")
        }
        for layer in layers { try run("\(layer)/setup.sh", environment: ["LAB": layer]) }
    }

    /// Builds networks beside the lab that nothing links with it, and that use its addresses, device names and ports:
    /// `beside.sh` in the folder of the labs. Their namespaces are named beside-….
    ///
    /// A container engine is not started twice: of its labs there is no second copy.
    public func buildBeside() throws(LabError) {
        let copied = needs.contains("docker") ? [] : layers
        try run(
            "\(directory)/../beside.sh",
            environment: [
                "LAYERS": copied.joined(separator: "\n"), "PROBE": (probe.explain ?? []).joined(separator: " "),
            ])
    }

    private func run(_ script: String, environment: [String: String]) throws(LabError) {
        // A file, not a pipe: listeners keep it open.
        let log = "/run/packetwalk-setup.log"
        let descriptor = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            close(descriptor)
            close(null)
        }
        let status: Int32
        do {
            let shell = Command(
                ["sh", "-eux", script], environment: environment.merging(["PS4": Self.traceMark]) { own, _ in own })
            status = try shell.start(input: null, output: descriptor, error: descriptor).wait()
        } catch {
            throw LabError(lab: name, problem: "cannot be built: \(error)")
        }
        if status != 0 { throw LabError(lab: name, problem: Self.failure(log: readText(log) ?? "", status: status)) }
    }

    static let traceMark = "packetwalk+ "

    /// The last command that a shell's trace shows, and what was printed after it.
    static func failure(log: String, status: Int32) -> String {
        let lines = log.split(separator: "\n").map(String.init)
        let last = lines.lastIndex { $0.hasPrefix(traceMark) }
        let command = last.map { lines[$0].dropFirst(traceMark.count) } ?? "setup.sh"
        let said = last.map { lines[($0 + 1)...].joined(separator: "; ") } ?? lines.joined(separator: "; ")
        let why = said.isEmpty ? "status \(status)" : said
        return "cannot be built: “\(command)” failed: \(why)"
    }
}
