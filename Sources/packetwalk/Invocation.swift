internal import Glibc
internal import LinuxSystem

/// The command line, split at the first `--`: what is the tool's own and what is a command to run.
///
/// The parser can't do it: it gives the words behind `--` to the filter's words.
enum Invocation {
    /// Without the program's name.
    static let own: [String] = {
        let all = words.dropFirst()
        if Completion.isAsked(all) { return Array(all) }
        return DestinationText.withPorts(Array(all.prefix { $0 != "--" }))
    }()

    /// Names that are no UTF-8 stand as they are shown.
    private static var words: [String] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { word in
                String(kernelName: UnsafeBufferPointer(start: word, count: strlen(word)).map { UInt8(bitPattern: $0) })
            }
        }
    }
    /// The command behind `--`; nil where there is no `--`.
    static let command: [String]? = {
        let all = CommandLine.arguments
        guard !Completion.isAsked(all.dropFirst()), let mark = all.firstIndex(of: "--") else { return nil }
        return Array(all[(mark + 1)...])
    }()
}
