internal import Glibc
internal import LinuxSystem
internal import Twin
internal import WalkModel
internal import Wire

/// Shell scripts and rules files in the sandbox that this process is in.
enum TrialShell {
    private static let mark = "packetwalk+ "
    private static let log = "/run/packetwalk-trial.log"

    /// Runs the script that builds the network. Gives what it said that it could not rebuild. Throws `TrialError` naming the
    /// command that failed.
    static func run(_ script: String) throws(TrialError) -> [String] {
        let path = "/run/packetwalk-trial.sh"
        try write(script, to: path)
        let status = try start(["sh", "-eux", path])
        let lines = (readText(log) ?? "").split(separator: "\n").map(String.init)
        guard status == 0 else {
            throw TrialError(.script, "cannot rebuild the network: \(failure(lines, status, script: nil))")
        }
        return lines.filter { !$0.isEmpty && !$0.hasPrefix(mark) }
    }

    /// Makes one change. Throws `TrialError` naming the command that failed, and its line where it came from a file.
    static func make(_ change: TrialChange, index: Int, in order: TrialOrder) throws(TrialError) {
        let path = "/run/packetwalk-change"
        let status: Int32
        switch change.kind {
        case .shell:
            // bash takes PS4 from root's environment no more.
            try write("PS4='\(mark)'\n" + inTwin(change.text, order), to: path)
            status = try start([shell, "-ex", path])
        case .nft:
            try write(change.text, to: path)
            status = try start(["nft", "-f", path])
        case .iptables, .ip6tables:
            try write(change.text, to: path)
            status = try start([change.kind == .iptables ? "iptables-restore" : "ip6tables-restore", path])
        // Of the trial's own process.
        case .serving, .multicastRouting, .settings: return
        }
        guard status != 0 else { return }
        let lines = (readText(log) ?? "").split(separator: "\n").map(String.init)
        let name = change.name ?? "the change “\(change.text)”"
        let reason =
            change.kind == .shell
            ? failure(lines, status, script: change.name == nil ? nil : change.text)
            : lines.isEmpty
                ? "status \(status)"
                : lines.joined(separator: "; ").replacing(path, with: change.name ?? path)
        throw TrialError(.change, "cannot make \(name) in the rebuilt network: \(reason)", changeIndex: index)
    }

    /// Lets packets be sent from what stands for the outside, to whatever address: those that bear the mark go by the host, as
    /// from a neighbour on its link. All else stays as it is: answers find no path that they did not have. Gives what failed.
    static func route(_ outside: TrialOrder.Outside) throws(TrialError) -> String? {
        let mark = "\(TrialOrder.Outside.mark)"
        let lines = outside.gateways.map { gateway in
            let ip = "ip \(gateway.isIPv4 ? "-4" : "-6") -n \(shellWord(outside.namespace))"
            var lines = [
                "\(ip) rule add fwmark \(mark) lookup \(mark) priority 1",
                "\(ip) route add default via \(gateway) dev \(TwinOutside.device) onlink table \(mark)",
            ]
            if !gateway.isIPv4 {
                // Neighbours are asked for from a link-local address; the kernel's own is tentative for a second or two.
                lines.append("\(ip) addr replace fe80::7077/64 dev \(TwinOutside.device) nodad")
                lines += outside.sources.map { "\(ip) neigh replace proxy \($0) dev \(TwinOutside.device)" }
            }
            return lines.map { $0 + "\n" }.joined()
        }
        let path = "/run/packetwalk-outside.sh"
        try write(lines.joined(), to: path)
        let status = try start(["sh", "-ex", path])
        guard status != 0 else { return nil }
        let said = (readText(log) ?? "").split(separator: "\n").map(String.init)
        return "packets from the outside find no way: \(failure(said, status, script: nil))"
    }

    /// A command as it means the same here: a namespace that the original host enters by a path of its own (a container's)
    /// has a name of `ip netns` here.
    static func inTwin(_ command: String, _ order: TrialOrder) -> String {
        var command = command
        for (name, original) in order.originals.sorted(by: { $0.key < $1.key }) {
            guard let path = original.path else { continue }
            let there = TrialWork.path(order.homeName == name ? nil : name)
            if path != there { command = command.replacing("--net=\(path)", with: "--net=\(there)") }
        }
        return command
    }

    /// Commands name what can't be typed as bash, zsh and ksh write it.
    private static var shell: String { access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "sh" }

    private static func write(_ text: String, to path: String) throws(TrialError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw TrialError(.broken, "cannot write \(path) in the sandbox: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR {
                throw TrialError(.broken, "cannot write \(path) in the sandbox: \(String(cString: strerror(errno)))")
            }
            bytes = bytes.dropFirst(max(0, count))
        }
    }

    /// What it prints goes to a file, not to a pipe: programs that it leaves running keep it open. Gives the status.
    private static func start(_ words: [String]) throws(TrialError) -> Int32 {
        let output = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer {
            close(output)
            close(null)
        }
        do {
            return try Command(words, environment: ["PS4": mark]).start(input: null, output: output, error: output)
                .wait()
        } catch {
            throw TrialError(.lacking, "\(error)")
        }
    }

    /// The last command that the shell's trace shows, its line in `script`, and what was printed after it.
    static func failure(_ lines: [String], _ status: Int32, script: String?) -> String {
        guard let last = lines.lastIndex(where: { $0.hasPrefix(mark) }) else {
            return lines.isEmpty ? "status \(status)" : lines.joined(separator: "; ")
        }
        let command = String(lines[last].dropFirst(mark.utf8.count))
        let said = lines[(last + 1)...].joined(separator: "; ")
        let line = script.flatMap { Self.line(of: command, in: $0) }.map { "line \($0): " } ?? ""
        return "\(line)“\(command)” failed: \(said.isEmpty ? "status \(status)" : said)"
    }

    /// The trace has a command's words, expanded; not its line. Nil where no line, or more than one, reads like it.
    static func line(of command: String, in script: String) -> Int? {
        func words(_ text: some StringProtocol) -> [String] {
            let bare = String(text).filter { $0 != "'" && $0 != "\"" && $0 != "\\" }
            return bare.split { $0 == " " || $0 == "\t" }.map { String($0) }
        }
        let wanted = words(command)
        guard !wanted.isEmpty else { return nil }
        var found: [Int] = []
        for (index, line) in script.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let own = words(line)
            let starts = 0..<max(0, own.count - wanted.count + 1)
            if starts.contains(where: { own[$0...].starts(with: wanted) }) { found.append(index + 1) }
        }
        return found.count == 1 ? found[0] : nil
    }
}

extension TrialOrder {
    /// The twin's name of the sandbox's own namespace, under which it is explained.
    var homeName: String { "host" }
}
