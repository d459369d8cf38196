public import ArgumentParser
public import Views

/// How results are written; the same in every command.
struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How to write the result.", valueName: "format"))
    var format: OutputFormat = .text

    @Flag(help: "Draw with ASCII only.")
    var ascii = false

    @Option(help: "Colour; auto means on a terminal only.")
    var color: ColorChoice = .auto

    @Flag(name: .shortAndLong, help: "Say less: one line a walk.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more: every point that a packet passed, also where nothing changed.")
    var verbose = false
}

extension OutputOptions {
    var renderOptions: RenderOptions {
        RenderOptions(
            color: color, ascii: ascii,
            verbosity: quiet ? .quiet : verbose ? .verbose : .normal,
            facts: .current())
    }
}

extension OutputFormat: ExpressibleByArgument {}
extension ColorChoice: ExpressibleByArgument {}
