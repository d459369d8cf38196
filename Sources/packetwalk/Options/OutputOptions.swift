internal import ArgumentParser
internal import Views

/// How results are written; the same in every command.
struct OutputOptions: ParsableArguments {
    @Option(name: .customLong("format"), help: ArgumentHelp("How to write the result.", valueName: "format"))
    var formatChoice: FormatChoice = .text

    @Flag(help: "Draw with ASCII only.")
    var ascii = false

    @Option(name: .customLong("color"), help: "Colour; auto means on a terminal only.")
    var colorWish: ColorWish = .auto

    @Flag(name: .shortAndLong, help: "Say less: one line a walk.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more: every point that a packet passed, also where nothing changed.")
    var verbose = false
}

extension OutputOptions {
    var format: OutputFormat { OutputFormat(rawValue: formatChoice.rawValue) ?? .text }

    var renderOptions: RenderOptions {
        RenderOptions(
            color: ColorChoice(rawValue: colorWish.rawValue) ?? .auto, ascii: ascii,
            verbosity: quiet ? .quiet : verbose ? .verbose : .normal,
            facts: .current())
    }
}

/// `--format`, as the parser reads it.
enum FormatChoice: String, ExpressibleByArgument, CaseIterable {
    case text, json, mermaid, dot, svg, html
}

/// `--color`, as the parser reads it.
enum ColorWish: String, ExpressibleByArgument, CaseIterable {
    case auto, always, never
}
