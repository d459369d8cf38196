/// One step of a script that rebuilds a network.
public enum TwinStep: Sendable, Hashable, Codable {
    /// A comment or a blank line.
    case remark(String)
    /// A command of the shell.
    case command(String)
    /// One of the script's functions, with what it reads; nil for the namespace that the script runs in.
    case feed(function: String, namespace: String?, input: [String])
    /// Gives the namespace that the script runs in a name of `ip netns`.
    case nameHome(String)
    /// Takes that name away again.
    case forgetHome(String)

    /// As lines of a POSIX shell.
    public var lines: [String] {
        switch self {
        case .remark(let text), .command(let text): return [text]
        case .nameHome(let name): return ["ip netns attach \(quoted(name)) $$"]
        case .forgetHome(let name): return ["ip netns delete \(quoted(name))"]
        case .feed(let function, let namespace, let input):
            // A line of the text that is fed must not end it.
            var mark = "END"
            while input.contains(mark) { mark += "_" }
            return ["\(function) \(namespace.map(quoted) ?? "-") <<'\(mark)'"] + input + [mark]
        }
    }
}
