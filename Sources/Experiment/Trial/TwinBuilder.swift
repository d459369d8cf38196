internal import Glibc
internal import LinuxSystem
internal import Twin

/// Makes the steps of a rebuilt network in the sandbox that this process is in, without a shell wherever a step only feeds a
/// program: the programs of a shell script, each a process, would take most of a trial's time. What is said of a step that fails is
/// what the script's own functions say.
struct TwinBuilder {
    /// The script's functions, for steps that the shell makes.
    let head: String
    private var warnings: [String] = []

    init(head: String) { self.head = head }

    /// Gives what could not be rebuilt. Throws `TrialError`.
    static func run(_ steps: [TwinStep], head: String) throws(TrialError) -> [String] {
        var builder = TwinBuilder(head: head)
        var shell: [TwinStep] = []
        for step in joined(steps) {
            if try builder.make(step, after: &shell) { continue }
            shell.append(step)
        }
        try builder.flush(&shell)
        return builder.warnings
    }

    /// Programs that read a command a line, as the script's functions name them.
    private static let batches = [
        "ip_batch": ["ip"], "ip4_batch": ["ip", "-4"], "ip6_batch": ["ip", "-6"], "bridge_batch": ["bridge"],
        "tc_batch": ["tc"],
    ]
    private static let rules = [
        "nft_rules": ["nft", "-f", "-"], "iptables_nft": ["iptables-nft-restore", "--noflush"],
        "ip6tables_nft": ["ip6tables-nft-restore", "--noflush"],
        "iptables_legacy": ["iptables-legacy-restore", "--noflush"],
        "ip6tables_legacy": ["ip6tables-legacy-restore", "--noflush"],
    ]

    /// Without remarks, and with commands for one program in one namespace together where nothing comes between.
    static func joined(_ steps: [TwinStep]) -> [TwinStep] {
        var result: [TwinStep] = []
        for step in steps {
            if case .remark = step { continue }
            if case .feed(let function, let namespace, let input) = step,
                batches[function] != nil || function == "settings",
                case .feed(function, namespace, let before)? = result.last
            {
                result[result.count - 1] = .feed(function: function, namespace: namespace, input: before + input)
                continue
            }
            result.append(step)
        }
        return result
    }

    /// Gives whether the step is made; not where it takes a shell.
    private mutating func make(_ step: TwinStep, after shell: inout [TwinStep]) throws(TrialError) -> Bool {
        switch step {
        case .remark, .command: return false
        case .nameHome(let name):
            try flush(&shell)
            return Self.nameHome(name)
        case .forgetHome(let name):
            try flush(&shell)
            let path = TrialWork.path(name)
            umount2(path, Int32(MNT_DETACH))
            unlink(path)
            return true
        case .feed(let function, let namespace, let input):
            if function == "settings" {
                try flush(&shell)
                try set(input, in: namespace)
                return true
            }
            if let words = Self.batches[function] {
                try flush(&shell)
                try batch(words, input, in: namespace)
                return true
            }
            // Conditions on users are told and taken away by the script's function.
            guard let words = Self.rules[function], !input.contains(where: { $0.contains("id-owner ") }) else {
                return false
            }
            try flush(&shell)
            try load(words, input, in: namespace)
            return true
        }
    }

    private mutating func flush(_ shell: inout [TwinStep]) throws(TrialError) {
        guard !shell.isEmpty else { return }
        warnings += try TrialShell.run(head + shell.flatMap(\.lines).joined(separator: "\n") + "\n")
        shell = []
    }

    private static func nameHome(_ name: String) -> Bool {
        let path = TrialWork.path(name)
        let descriptor = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        if mount("/proc/self/ns/net", path, "none", UInt(MS_BIND), nil) == 0 { return true }
        unlink(path)
        return false
    }

    private mutating func set(_ lines: [String], in namespace: String?) throws(TrialError) {
        guard let file = file(namespace, "the settings") else { return }
        do {
            let failed = try file.perform { KernelSettings.write(lines.compactMap(KernelSetting.init(line:))) }
            for failure in failed where failure.errorNumber != ENOENT { tell(failure.words, in: namespace) }
        } catch {
            tell("\(error)", in: namespace)
        }
    }

    private mutating func batch(_ words: [String], _ lines: [String], in namespace: String?) throws(TrialError) {
        guard let output = try run(words + ["-force", "-batch", "-"], lines, in: namespace), output.status != 0 else {
            return
        }
        warnings += Self.failures(output.errorText, of: lines).map { "not rebuilt in \(namespace ?? "-"): \($0)" }
    }

    /// What iproute2 said of the lines of a batch that it refused.
    static func failures(_ errors: String, of lines: [String]) -> [String] {
        var said: [Substring] = []
        var result: [String] = []
        for line in errors.split(separator: "\n") {
            guard line.hasPrefix("Command failed ") else {
                said.append(line)
                continue
            }
            let number = line.split(separator: ":").last.flatMap { Int($0) } ?? 0
            let command = lines.indices.contains(number - 1) ? lines[number - 1] : ""
            let text = said.joined(separator: "; ")
            said = []
            if text.contains("already joined") || text.contains("File exists") && command.contains(" proto 2 ") {
                continue
            }
            result.append("\(command): \(text.prefix(160))")
        }
        return result
    }

    private mutating func load(_ words: [String], _ lines: [String], in namespace: String?) throws(TrialError) {
        guard let output = try run(words, lines, in: namespace), output.status != 0 else { return }
        for line in output.errorText.split(separator: "\n") { tell("\(words[0]): \(line)", in: namespace) }
    }

    /// Nil where the namespace can't be entered.
    private mutating func run(
        _ words: [String], _ lines: [String], in namespace: String?
    ) throws(TrialError) -> Command.Output? {
        var command = Command(words)
        if let namespace {
            guard let file = file(namespace, words[0]) else { return nil }
            command.namespace = file
        }
        do {
            return try command.run(input: Array((lines.joined(separator: "\n") + "\n").utf8))
        } catch {
            throw TrialError(.lacking, "\(error)")
        }
    }

    private mutating func file(_ namespace: String?, _ what: String) -> NetworkNamespaceFile? {
        do {
            return try NetworkNamespaceFile(path: TrialWork.path(namespace))
        } catch {
            tell("\(what): \(error)", in: namespace)
            return nil
        }
    }

    private mutating func tell(_ words: String, in namespace: String?) {
        warnings.append("not rebuilt in \(namespace ?? "-"): \(words)")
    }
}
