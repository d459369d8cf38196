internal import ArgumentParser
internal import LinuxSystem
internal import Twin
internal import Views
internal import Wire

struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Small networks to learn on, each built by plain commands in its own sandbox.",
        subcommands: [List.self, Show.self, Run.self, Shell.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the labs and what each shows.")

        @OptionGroup(title: "Output")
        var output: OutputOptions

        func run() throws {
            let labs = try reportingLabErrors { () throws(LabError) in try LabLibrary.find().labs() }
            if output.format == .json {
                for lab in labs { try printOut(try jsonLine(LabRow(lab)) + "\n") }
            } else {
                let rows = labs.map { lab in
                    let finds = lab.expected.code.map { ": \($0)" } ?? ""
                    let needs = lab.needs.isEmpty ? "" : " (needs \(lab.needs.joined(separator: ", ")))"
                    return Table.Row([lab.name, lab.title + finds + needs])
                }
                try printOut(
                    Table(heading: ["lab", "what it shows"], rows: rows)
                        .render(output.renderOptions))
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the commands that build a lab, and the one that sends its packet.")

        @Argument(help: "The lab's name; see packetwalk lab list.")
        var name: String

        func run() throws {
            let lab = try findLab(name)
            let commands = try reportingLabErrors { () throws(LabError) in try lab.commands() }
            try printOut("\(commands)\n# Its packet.\n\(lab.probe.command)\n")
        }
    }

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build a lab, send its packet and trace it.")

        @Argument(help: "The lab's name; see packetwalk lab list.")
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
                valueName: "file"))
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
        }

        func run() throws {
            try LabRun(
                name: name, output: output, watch: try watch.settings(selection), traces: trace, fixes: fix || mend,
                recording: record, surroundings: surroundings, twin: twin,
                usesFindings: !experiment.causeByExperimentAlone
            ).run()
        }
    }

    struct Shell: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build a lab and open a shell in its host namespace.")

        @Argument(help: "The lab's name; see packetwalk lab list.")
        var name: String

        @OptionGroup
        var surroundings: SurroundingsOptions

        func run() throws {
            let lab = try findLab(name)
            try buildInSandbox(lab, surroundings)
            complain("this is the host of \(lab.name): \(lab.title). Its packet: \(lab.probe.command)")
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

    init(_ lab: Lab) {
        name = lab.name
        title = lab.title
        expected = Expected(outcome: lab.expected.outcome, code: lab.expected.code)
        needs = lab.needs
    }
}
