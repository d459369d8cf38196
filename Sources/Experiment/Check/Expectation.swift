public import Wire

/// One line of a file of expectations: `web reaches wan:443`, `wan does not reach db:5432`.
public struct Expectation: Sendable, Hashable {
    public enum Target: Sendable, Hashable {
        case address(IPAddress)
        /// A namespace's name: every address of it.
        case name(String)
    }

    public enum Kind: Sendable, Hashable {
        case icmp
        case tcp(UInt16)
        case udp(UInt16)
    }

    /// In the file, from 1.
    public var line: Int
    /// As it stands there, without its comment.
    public var text: String
    public var from: String
    public var target: Target
    public var kind: Kind
    public var reaches: Bool
}

/// A line that is no expectation.
public struct ExpectationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// From 1.
    public var line: Int
    public var problem: String
    public var description: String { "line \(line): \(problem)" }
}

extension Expectation {
    /// Reads a file of expectations: one a line, `#` begins a comment.
    ///
    /// ```
    /// web reaches wan:443                 # TCP, unless a protocol is named
    /// web reaches 198.51.100.1            # without a port: ping
    /// web reaches 198.51.100.1 udp 53
    /// wan does not reach [2001:db8::7]:22
    /// ```
    public static func parse(_ text: String) throws(ExpectationError) -> [Expectation] {
        var result: [Expectation] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let bare = line.prefix { $0 != "#" }
            let words = bare.split { $0 == " " || $0 == "\t" }.map(String.init)
            if words.isEmpty { continue }
            result.append(try Expectation(words, line: index + 1))
        }
        return result
    }

    private init(_ words: [String], line: Int) throws(ExpectationError) {
        func failure(_ problem: String) -> ExpectationError { ExpectationError(line: line, problem: problem) }
        let rest: ArraySlice<String>
        if words.count > 2, words[1] == "reaches" {
            reaches = true
            rest = words[2...]
        } else if words.count > 4, words[1...3] == ["does", "not", "reach"] {
            reaches = false
            rest = words[4...]
        } else {
            throw failure(
                "“\(words.joined(separator: " "))” is no expectation: write FROM reaches TO, or FROM does not reach TO")
        }
        self.line = line
        text = words.joined(separator: " ")
        from = words[0]
        guard let destination = rest.first else { throw failure("it names nothing to reach") }
        let (name, port) = try Self.split(destination, failure)
        target = IPAddress(name).map { .address($0) } ?? .name(name)
        kind = try Self.kind(Array(rest.dropFirst()), port: port, failure)
    }

    /// `wan:443`, `[2001:db8::7]:22`, `2001:db8::7`.
    private static func split(
        _ text: String, _ failure: (String) -> ExpectationError
    ) throws(ExpectationError) -> (name: String, port: UInt16?) {
        if text.hasPrefix("[") {
            let parts = text.dropFirst().split(separator: "]", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, IPAddress(String(parts[0])) != nil, parts[1].isEmpty || parts[1].hasPrefix(":")
            else { throw failure("“\(text)” is no address in brackets") }
            return (String(parts[0]), parts[1].isEmpty ? nil : try port(parts[1].dropFirst(), failure))
        }
        if IPAddress(text) != nil { return (text, nil) }
        guard let colon = text.lastIndex(of: ":") else { return (text, nil) }
        let name = String(text[..<colon])
        guard !name.isEmpty else { throw failure("“\(text)” names nothing to reach") }
        // Names have colons too: `netns:4026532345`.
        if name == "netns" || name == "pid" { return (text, nil) }
        return (name, try port(text[text.index(after: colon)...], failure))
    }

    private static func port(
        _ text: some StringProtocol, _ failure: (String) -> ExpectationError
    ) throws(ExpectationError) -> UInt16 {
        guard let port = UInt16(text), port > 0 else { throw failure("“\(text)” is no port: give 1 to 65535") }
        return port
    }

    private static func kind(
        _ words: [String], port given: UInt16?, _ failure: (String) -> ExpectationError
    ) throws(ExpectationError) -> Kind {
        guard let name = words.first else { return given.map { .tcp($0) } ?? .icmp }
        guard words.count <= 2 else { throw failure("“\(words.dropFirst(2).joined(separator: " "))” is too much") }
        if name == "icmp" || name == "ping" {
            guard given == nil, words.count == 1 else { throw failure("\(name) has no ports") }
            return .icmp
        }
        guard name == "tcp" || name == "udp" else {
            throw failure("“\(name)” is no protocol: give tcp, udp or icmp")
        }
        guard given == nil || words.count == 1 else { throw failure("it names two ports") }
        guard let port = try words.count == 2 ? port(words[1], failure) : given else {
            throw failure("\(name) needs a port")
        }
        return name == "tcp" ? .tcp(port) : .udp(port)
    }
}
