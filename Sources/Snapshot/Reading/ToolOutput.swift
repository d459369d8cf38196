internal import LinuxSystem
internal import Network

/// What a program said that was run in a namespace.
struct ToolFailure: Error, CustomStringConvertible {
    /// One line, without what was attempted.
    var description: String
}

/// Runs the programs whose output the snapshot keeps, in one namespace.
struct NamespaceTools: Sendable {
    /// Nil where the process stands in the namespace itself: to enter even that one takes a privilege.
    var namespace: NetworkNamespaceFile?

    /// Runs a program to its end. Throws `ToolFailure` where it is not installed, or ends with another status than 0.
    func run(_ words: String..., input: String = "") throws -> Command.Output {
        try run(words, input: input, mayFail: false)
    }

    /// Runs `PROGRAM -batch -` with a command a line, each of which prints one JSON value. What could not be read is nil.
    func batch(_ words: [String], _ commands: [String]) throws -> [JSONTree?] {
        let output = try run(words + ["-batch", "-"], input: commands.joined(separator: "\n") + "\n", mayFail: true)
        let values = JSONTree.sequence(output.standardOutput)
        guard output.status != 0 || values.count < commands.count else { return values }
        // Which of them failed is not told: each by itself.
        return try commands.map { command in
            let single = try run(words + ["-batch", "-"], input: command + "\n", mayFail: true)
            let values = JSONTree.sequence(single.standardOutput)
            return single.status == 0 ? values.first ?? .array([]) : nil
        }
    }

    private func run(_ words: [String], input: String, mayFail: Bool) throws -> Command.Output {
        guard let path = programPath(words[0]) else { throw ToolFailure(description: "\(words[0]) is not installed") }
        // Names of groups, tables and protocols are those of the program's own files, in English.
        let command = Command(
            [path] + words.dropFirst(), environment: ["LC_ALL": "C.UTF-8"], namespace: namespace)
        let output = try command.run(input: Array(input.utf8))
        if output.status != 0, !mayFail {
            let reason = output.errorText.split(separator: "\n").first.map(String.init) ?? "status \(output.status)"
            throw ToolFailure(description: reason)
        }
        return output
    }
}

extension JSONTree {
    /// Several arrays or objects one behind the other, as a batch prints them; ends at the first that is broken off.
    static func sequence(_ text: [UInt8]) -> [JSONTree] {
        var values: [JSONTree] = []
        var start = 0
        var depth = 0
        var isQuoted = false
        var isEscaped = false
        for (index, byte) in text.enumerated() {
            if isQuoted {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isQuoted = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isQuoted = true
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                depth -= 1
                if depth > 0 { continue }
                guard let value = try? JSONTree(parsing: Array(text[start...index])) else { return values }
                values.append(value)
                start = index + 1
            default: break
            }
        }
        return values
    }
}
