public import ArgumentParser
public import Views

/// How results are written; the same in every command.
struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Output format; otlp writes the spans of OpenTelemetry.", valueName: "format"))
    var format: OutputFormat = .text

    @Flag(help: "Draw with ASCII characters only.")
    var ascii = false

    @Option(help: "Colour; auto means on a terminal only.")
    var color: ColorChoice = .auto

    @Flag(name: .shortAndLong, help: "Print less: of each connection or walk one line.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print more: every point of a path, and all that lists and maps leave out.")
    var verbose = false
}

extension OutputOptions {
    /// Throws a `ValidationError` where a drawing was asked for of what is none.
    ///
    /// - Parameter what: `--summary`, `doctor`.
    func refusePicture(of what: String) throws {
        guard format == .text || format == .json else {
            throw ValidationError("\(what) writes text or json, not \(format.rawValue)")
        }
    }

    var renderOptions: RenderOptions {
        var facts = TerminalFacts.current()
        // A document says itself that it is UTF-8.
        if format.isPicture { facts.isASCIILocale = false }
        return RenderOptions(
            color: color, ascii: ascii, verbosity: quiet ? .quiet : verbose ? .verbose : .normal, facts: facts)
    }
}

extension OutputFormat: ExpressibleByArgument {}
extension ColorChoice: ExpressibleByArgument {}
