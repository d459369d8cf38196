import Glibc

/// What is known about the stream that text is written to.
public struct TerminalFacts: Sendable, Hashable {
    public var isTerminal: Bool
    /// Of a terminal, or what `COLUMNS` says; nil where neither says any.
    public var columns: Int?
    /// `NO_COLOR` is set and not empty (no-color.org).
    public var noColor: Bool
    /// `TERM` is `dumb`.
    public var isDumb: Bool
    /// The locale names a character set that is not UTF-8, or is `C` or `POSIX`.
    public var isASCIILocale: Bool

    public init(
        isTerminal: Bool = false, columns: Int? = nil, noColor: Bool = false, isDumb: Bool = false,
        isASCIILocale: Bool = false
    ) {
        self.isTerminal = isTerminal
        self.columns = columns
        self.noColor = noColor
        self.isDumb = isDumb
        self.isASCIILocale = isASCIILocale
    }

    /// Asks the kernel and the environment about an open file descriptor.
    public static func current(descriptor: Int32 = 1) -> TerminalFacts {
        func variable(_ name: String) -> String? {
            guard let value = getenv(name) else { return nil }
            let text = String(cString: value)
            return text.isEmpty ? nil : text
        }
        let isTerminal = isatty(descriptor) == 1
        var columns: Int?
        if isTerminal {
            var size = winsize()
            if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { columns = Int(size.ws_col) }
        }
        // In a pipe the caller decides, as with ls(1).
        columns = columns ?? variable("COLUMNS").flatMap { Int($0) }.flatMap { (1...10_000).contains($0) ? $0 : nil }
        // setlocale(3)'s order. No variable at all is common in containers whose terminal is UTF-8: not taken as ASCII.
        let locale = (variable("LC_ALL") ?? variable("LC_CTYPE") ?? variable("LANG"))?.lowercased()
        let isASCII = locale.map { !$0.contains("utf-8") && !$0.contains("utf8") } ?? false
        return TerminalFacts(
            isTerminal: isTerminal, columns: columns, noColor: variable("NO_COLOR") != nil,
            isDumb: variable("TERM") == "dumb", isASCIILocale: isASCII)
    }
}
