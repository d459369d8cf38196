internal import Runs
internal import ArgumentParser
internal import Discovery
internal import Experiment
internal import Glibc
internal import LinuxSystem
internal import Network
internal import Probes

/// The entry point: parses, runs, and turns every failure into one line and the exit status of the contract.
@main
enum Main {
    static func main() {
        fillStandardDescriptors()
        // A reader that goes away (`| head`) ends the run quietly: the write fails with EPIPE instead of a signal.
        signal(SIGPIPE, SIG_IGN)
        if Invocation.own.first == HookGuardian.argument { exit(HookGuardian.run()) }
        if Invocation.own.first == TrialServer.argument { exit(TrialServer.run()) }
        if Invocation.own.first == Terminal.guardianArgument { exit(Terminal.guardTerminal()) }
        do {
            // The parser looks at all commands before it answers: that is most of the time that a start takes.
            if Invocation.own == ["--version"] {
                try printOut("\(Packetwalk.version)\n")
                exit(ExitStatus.success.rawValue)
            }
            if try HelpTopic.answer(Invocation.own) { exit(ExitStatus.success.rawValue) }
            var command = try Packetwalk.parseAsRoot(Invocation.own)
            if Invocation.command != nil, !(command is any TakesCommand) {
                throw RunError(.usage, "cannot run a command after `--` here: only trace and record do")
            }
            try command.run()
        } catch let code as ExitCode {
            exit(code.rawValue)
        } catch is BrokenPipe {
            exit(ExitStatus.success.rawValue)
        } catch let error as RunError {
            complain(error.description)
            exit(ExitStatus(error.kind).rawValue)
        } catch let error as SystemError {
            complain("\(error)\(error.isPermission ? "; run it as root, or see packetwalk doctor" : "")")
            exit((error.isPermission ? ExitStatus.notPermitted : .lacking).rawValue)
        } catch {
            finish(with: error)
        }
    }

    /// Help and usage errors, which come from the parser.
    private static func finish(with error: any Error) -> Never {
        let code = Packetwalk.exitCode(for: error)
        if code == .success {
            Packetwalk.exit(withError: error)
        }
        let message = Packetwalk.message(for: error)
        let text = "\(oneLine(message))\(hint(oneLine(message)) ?? suggestion)"
        complain("\(text)\(text.hasSuffix("?") ? " See" : "; see") \(helpCommand(for: error))")
        exit(code == .failure ? ExitStatus.lacking.rawValue : ExitStatus.usage.rawValue)
    }

    /// The help of the subcommand that was meant, as the parser names it: `See 'packetwalk map --help' for …`.
    private static func helpCommand(for error: any Error) -> String {
        let quoted = Packetwalk.fullMessage(for: error).split(separator: "'", omittingEmptySubsequences: false)
        return quoted.last { $0.hasPrefix("packetwalk ") && $0.hasSuffix(" --help") }.map(String.init)
            ?? "packetwalk --help"
    }

    /// What somebody means who types as for tcpdump, or leaves `--from` out; nil for other errors.
    private static func hint(_ message: String) -> String? {
        for (option, words) in tcpdump where message.contains("'-\(option)'") { return ": \(words)" }
        if let words = OptionValue.hint(message, Invocation.own) { return words }
        if Invocation.own == ["version"] { return ": packetwalk --version prints it" }
        if Invocation.own.first == "map", let word = Invocation.own.dropFirst().first(where: { !$0.hasPrefix("-") }),
            message.contains("Unexpected argument '\(word)'")
        {
            return ": --in \(word) draws one namespace, --from and --to the path between two"
        }
        guard message.contains("'--from <namespace>'") else { return nil }
        if let typed = Invocation.own.first(where: { $0 != "--from" && ["--from"].nearest(to: $0) != nil }) {
            return ": did you mean --from instead of \(typed)?"
        }
        guard let topology = try? Topology.discover(), !topology.namespaces.isEmpty else { return nil }
        let names = topology.namespaces.prefix(8).map(\.name).joined(separator: ", ")
        return ": there is \(names)\(topology.namespaces.count > 8 ? ", …" : "")"
    }

    /// tcpdump's options that have another name here, or none.
    private static let tcpdump: [(option: Character, words: String)] = [
        ("i", "every link is watched; --in NAMESPACE watches one namespace"),
        ("n", "addresses are always printed as numbers: leave it out"), ("c", "--count is what tcpdump's -c is"),
        ("w", "packetwalk record -o FILE keeps a run"), ("r", "packetwalk replay FILE reads a recording or a capture"),
        ("s", "packetwalk record --snaplen is what tcpdump's -s is"), ("D", "packetwalk map shows the links"),
        ("j", "--format json prints a line of JSON for each"), ("e", "-v shows MAC addresses"),
        ("A", "packets' contents are not printed; Wireshark opens a recording"),
        ("X", "packets' contents are not printed; Wireshark opens a recording"),
    ]

    /// The subcommand that was probably meant, where the first word that is none is nearly one.
    private static var suggestion: String {
        var command: any ParsableCommand.Type = Packetwalk.self
        for word in Invocation.own {
            let known = command.configuration.subcommands
            if let next = known.first(where: { $0._commandName == word }) {
                command = next
            } else {
                return known.map { $0._commandName }.nearest(to: word).map { ": did you mean \($0)?" } ?? ""
            }
        }
        return ""
    }

    /// A list of values, one below the other, becomes one behind the other.
    private static func oneLine(_ text: String) -> String {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " } }
        var line = ""
        for (index, part) in lines.enumerated() {
            let isItem = part.hasPrefix("- ")
            let isNext = isItem && index > 0 && lines[index - 1].hasPrefix("- ")
            line += (index == 0 ? "" : isNext ? ", " : " ") + (isItem ? part.dropFirst(2) : part)
        }
        return line.hasSuffix(".") ? String(line.dropLast()) : line
    }
}
