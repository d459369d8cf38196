internal import ArgumentParser
internal import LinuxSystem
internal import Twin
internal import Views
internal import Wire

struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Small networks to learn on, each built by plain commands in its own sandbox.",
        subcommands: [List.self, Next.self, Show.self, Run.self, Shell.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the labs, the tutorial's steps first; -v lists variants and what each lab shows.")

        @OptionGroup(title: "Output")
        var output: OutputOptions

        @OptionGroup(title: "Output")
        var pager: PagerOptions

        func validate() throws { try output.refusePicture(of: "lab list") }

        func run() throws {
            let labs = try reportingLabErrors { () throws(LabError) in try LabLibrary.find().labs() }
            pager.begin()
            if output.format == .json {
                for lab in labs { try printOut(try jsonLine(LabRow(lab)) + "\n") }
                return
            }
            let catalogue = LabCatalogue(labs)
            var parts = catalogue.groups.map { group in
                let rows = output.verbose ? group.rows.flatMap(Self.answers) : group.rows.map(Self.question)
                let table = Table(rows: rows, wraps: output.verbose)
                return visibleText(group.title) + "\n" + table.render(output.renderOptions, indent: 2)
            }
            parts.append("lab run NAME builds one and sends its packet; lab next NAME names the next one\n")
            try printOut(parts.joined(separator: "\n"))
        }

        private static func question(_ row: LabCatalogue.Row) -> Table.Row {
            let names = row.variants.map { $0.suffix.isEmpty ? $0.lab.name : $0.suffix }
            let also = names.isEmpty ? "" : "; also \(names.joined(separator: " "))"
            return Table.Row([row.lab.name, row.lab.shortQuestion + also + needs(row.lab)])
        }

        private static func answers(_ row: LabCatalogue.Row) -> [Table.Row] {
            ([row.lab] + row.variants.map(\.lab)).map { lab in
                let finds = lab.expected.code.map { ": \($0)" } ?? ""
                return Table.Row([lab.name, lab.title + finds + needs(lab)])
            }
        }

        private static func needs(_ lab: Lab) -> String {
            // An engine and root are what the heading says.
            let needs =
                lab.needs.contains("docker") ? lab.needs.filter { !["docker", "root"].contains($0) } : lab.needs
            return needs.isEmpty ? "" : " (needs \(needs.joined(separator: ", ")))"
        }
    }

    struct Next: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say which lab comes after another one, or which is the first.")

        @Argument(help: "The lab that you come from.")
        var name: String?

        func run() throws {
            let labs = try reportingLabErrors { () throws(LabError) in try LabLibrary.find().labs() }
            let catalogue = LabCatalogue(labs)
            var next = catalogue.first
            if let name {
                _ = try findLab(name)
                next = catalogue.rows(at: name).next
            }
            guard let lab = next?.lab else {
                return try printOut("that was the last one; packetwalk lab list names all of them\n")
            }
            var commands = [
                ("show", "the commands that build it"), ("shell", "a shell in it, to try it yourself"),
                ("run", "what happens to its packet, and why"),
            ]
            if lab.expected.code != nil, !lab.isTraced {
                commands.append(("run --fix", "the same, fixed and sent again"))
            }
            let width = commands.map(\.0.count).max() ?? 0
            let lines = commands.map { command, does in
                let gap = String(repeating: " ", count: width - command.count + 3)
                return "  packetwalk lab \(command) \(lab.name)\(gap)\(does)"
            }
            try printOut(
                ([lab.name, "  \(lab.question)", ""] + lines).map { visibleText($0) + "\n" }.joined())
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the commands that build a lab, and the one that sends its packet.")

        @Argument(help: "The lab's name; see packetwalk lab list.", completion: Completion.labs)
        var name: String

        @OptionGroup
        var pager: PagerOptions

        func run() throws {
            let lab = try findLab(name)
            let commands = try reportingLabErrors { () throws(LabError) in try lab.commands() }
            pager.begin()
            try printOut("\(commands)\n# Its packet.\n\(lab.probe.command)\n")
        }
    }

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build a lab, send its packet and trace it.")

        @Argument(help: "The lab's name; see packetwalk lab list.", completion: Completion.labs)
        var name: String

        @Flag(help: "Trace the lab's own traffic instead of sending a packet as explain does.")
        var trace = false

        @Flag(help: "Apply the fix of the first finding and send the packet again, until it arrives.")
        var fix = false

        /// The former name of `--fix`.
        @Flag(help: .hidden)
        var mend = false

        @Option(
            help: ArgumentHelp(
                "Also record the run to this file (with --fix: the run before the fix).",
                valueName: "file"), completion: .file())
        var record: String?

        @Option(
            help: ArgumentHelp(
                "Whether a packet that failed is sent again in a rebuilt network, as explain does: auto, or none.",
                valueName: "auto or none"))
        var twin = TwinChoice.none

        @OptionGroup
        var experiment: ExperimentOptions

        @OptionGroup
        var surroundings: SurroundingsOptions

        @OptionGroup(title: "Capture")
        var watch: WatchOptions

        @OptionGroup(title: "Selection")
        var selection: SelectionOptions

        @OptionGroup(title: "Output")
        var output: OutputOptions

        func validate() throws {
            if !watch.sample.isAll, !trace {
                throw ValidationError("--sample is for --trace: explain sends one packet")
            }
            if (fix || mend) && trace { throw ValidationError("--fix sends the packet itself: leave --trace out") }
            if selection.summary { try output.refusePicture(of: "--summary") }
        }

        func run() throws {
            try LabRun(
                name: name, output: output, watch: try watch.settings(selection), traces: trace, fixes: fix || mend,
                recording: record, surroundings: surroundings, twin: twin,
                usesFindings: !experiment.causeByExperimentAlone,
                traceOptions: selection.given
                    + (watch.count == nil ? [] : ["--count"]) + (watch.duration == nil ? [] : ["--duration"])
            ).run()
        }
    }

    struct Shell: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build a lab and open a shell in its host namespace.")

        @Argument(help: "The lab's name; see packetwalk lab list.", completion: Completion.labs)
        var name: String

        @OptionGroup
        var surroundings: SurroundingsOptions

        func run() throws {
            let lab = try findLab(name)
            try buildInSandbox(lab, surroundings)
            complain("this is the host of \(lab.name): \(lab.question). Its packet: \(lab.probe.command)")
            let shell = Command(["bash", "--norc", "-i"], environment: ["PS1": "\(lab.name)# "])
            throw ExitCode(try shell.start().wait())
        }
    }
}

/// `lab list --format json`: a line a lab.
private struct LabRow: Encodable {
    struct Expected: Encodable {
        var outcome: String
        var code: String?
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(outcome, forKey: .outcome)
            try container.encode(code, forKey: .code)
        }
        enum CodingKeys: CodingKey { case outcome, code }
    }

    var name: String
    var title: String
    var expected: Expected
    var needs: [String]
    var question: String
    var group: String?

    init(_ lab: Lab) {
        name = lab.name
        title = lab.title
        expected = Expected(outcome: lab.expected.outcome, code: lab.expected.code)
        needs = lab.needs
        question = lab.question
        group = lab.group
    }
}
