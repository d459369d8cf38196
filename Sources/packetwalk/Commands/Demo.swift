internal import ArgumentParser
internal import Twin

struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trace a ping from a namespace to the WAN, in a sandbox. Needs no root and changes nothing.")

    @OptionGroup(title: "Output")
    var output: OutputOptions

    func run() throws {
        try LabRun(name: "namespace-to-wan", output: output, surroundings: .parse([])).run()
    }
}
