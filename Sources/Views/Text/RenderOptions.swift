/// How much is shown.
public enum Verbosity: Int, Sendable, Comparable {
    /// One line a walk.
    case quiet
    case normal
    /// Every hook that was passed, every hardware address, what each join rests on.
    case verbose

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What `--color` takes.
public enum ColorChoice: String, Sendable, CaseIterable {
    case auto
    case always
    case never
}

/// How text is drawn: the whole of what a rendering knows about where it will be read.
public struct RenderOptions: Sendable, Hashable {
    /// Columns, at least 40.
    public var width: Int
    /// False: only ASCII bytes are written.
    public var unicode: Bool
    /// True: ANSI SGR sequences are written.
    public var color: Bool
    public var verbosity: Verbosity
    /// How times are written; nil for what is usual in each form.
    public var time: TimeStyle?
    /// What relative times count from, in nanoseconds since 1970; nil before the first packet.
    public var timeOrigin: Int64?

    public init(width: Int = 80, unicode: Bool = true, color: Bool = false, verbosity: Verbosity = .normal) {
        self.width = max(40, width)
        self.unicode = unicode
        self.color = color
        self.verbosity = verbosity
    }

    /// What the command's options and the terminal come to.
    ///
    /// - Parameters:
    ///   - ascii: `--ascii` was given; Unicode is written by default, but where the locale says that nobody reads it.
    ///   - facts: about the stream that is written to.
    public init(
        color: ColorChoice, ascii: Bool, verbosity: Verbosity = .normal, facts: TerminalFacts
    ) {
        let wantsColor =
            switch color {
            case .always: true
            case .never: false
            case .auto: facts.isTerminal && !facts.noColor && !facts.isDumb
            }
        self.init(
            width: facts.columns ?? 80, unicode: !ascii && !facts.isASCIILocale,
            color: wantsColor, verbosity: verbosity)
    }
}
