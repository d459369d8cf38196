/// The command line, split at the first `--`: what is the tool's own and what is a command to run.
///
/// The parser can't do it: it gives the words behind `--` to the filter's words.
enum Invocation {
    /// Without the program's name.
    static let own = Array(CommandLine.arguments.dropFirst().prefix { $0 != "--" })
    /// The command behind `--`; nil where there is no `--`.
    static let command: [String]? = CommandLine.arguments.firstIndex(of: "--").map { mark in
        Array(CommandLine.arguments[(mark + 1)...])
    }
}
