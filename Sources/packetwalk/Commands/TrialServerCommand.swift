internal import ArgumentParser
internal import Experiment

/// The process of one trial, which other commands start in a sandbox.
struct TrialServerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: TrialServer.argument, abstract: "Run one trial in the sandbox around this process.",
        shouldDisplay: false)

    func run() throws {
        throw ExitCode(TrialServer.run())
    }
}
