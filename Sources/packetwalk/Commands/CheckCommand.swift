internal import ArgumentParser
internal import Experiment
internal import LinuxSystem
internal import Network
internal import Runs
internal import Snapshot
internal import Views

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Try a file of expectations in a rebuilt network: tests for firewall rules.",
        discussion: """
            The file has one expectation a line, and # begins a comment:

                web reaches wan:443              # TCP, unless a protocol is named
                web reaches 198.51.100.1         # without a port: ping
                web reaches 198.51.100.1 udp 53
                wan does not reach db:5432

            A name stands for every address of that namespace. Nothing is sent for real. \
            Exit status 0 where all hold, 1 where one does not.
            """)

    @Argument(
        help: ArgumentHelp("The file of expectations; - for standard input.", valueName: "file"),
        completion: .file())
    var file: String

    @OptionGroup(title: "Twin")
    var twin: TwinOptions

    @Flag(help: "Write the results in the Test Anything Protocol.")
    var tap = false

    @OptionGroup(title: "Output")
    var output: OutputOptions

    func validate() throws {
        try output.refusePicture(of: "check")
    }

    func run() throws {
        let text: String
        do {
            text = String(decoding: try readFile(file == "-" ? "/proc/self/fd/0" : file), as: UTF8.self)
        } catch {
            throw RunError(.badInput, "cannot read the expectations: \(error)")
        }
        let results = try reportingExpectationErrors {
            let expectations = try Expectation.parse(text)
            guard !expectations.isEmpty else {
                throw RunError(
                    .badInput, "\(file) has no expectation: write a line such as web reaches 198.51.100.1:443")
            }
            let changes = try twin.changes()
            let source = try TwinSource(twin.snapshot)
            let progress = Progress("rebuilding the network and sending \(expectations.count) packets there")
            defer { progress.end() }
            return try reportingTrialErrors { try Checker(source.snapshot, changes: changes).check(expectations) }
        }
        try print(results)
        let holds = results.allSatisfy(\.holds)
        throw ExitCode((holds ? ExitStatus.success : .notArrived).rawValue)
    }

    private func reportingExpectationErrors<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ExpectationError {
            throw RunError(.badInput, "cannot read \(file) \(error)")
        }
    }

    private func print(_ results: [Checker.Result]) throws {
        if tap { return try printOut(CheckReport.tap(results)) }
        if output.format == .json {
            for result in results { try printOut(try jsonLine(CheckReport.Row(result)) + "\n") }
            return
        }
        try printOut(CheckReport.text(results, quiet: output.quiet))
    }
}
