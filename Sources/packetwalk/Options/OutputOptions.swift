public import ArgumentParser
public import Views

/// How results are written; the same in every command.
struct OutputOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Output format.", valueName: "format"))
    var format: OutputFormat = .text

    @Flag(help: "Draw with ASCII characters only.")
    var ascii = false

    @Option(help: "Colour; auto means on a terminal only.")
    var color: ColorChoice = .auto

    @Flag(name: .shortAndLong, help: "Print less: one line for each connection or walk.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Print more: every point of the path, including those where nothing changed.")
    var verbose = false
}

extension OutputOptions {
    /// Throws a `ValidationError` where a drawing was asked for of what is none.
    ///
    /// - Parameter what: `--summary`, `doctor`.
    func refusePicture(of what: String) throws {
        guard !format.isPicture else {
            throw ValidationError("\(what) writes text or json, not \(format.rawValue)")
        }
    }

    var renderOptions: RenderOptions {
        RenderOptions(
            color: color, ascii: ascii,
            verbosity: quiet ? .quiet : verbose ? .verbose : .normal,
            facts: .current())
    }
}

extension OutputFormat: ExpressibleByArgument {}
extension ColorChoice: ExpressibleByArgument {}
