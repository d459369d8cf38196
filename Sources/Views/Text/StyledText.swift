/// What a piece of text is, for those who see it in colour. Nothing depends on it.
enum TextStyle: Sendable, Hashable {
    case plain
    case strong
    case dim
    case good
    case bad
    case caution
    /// A translation of addresses.
    case translation
    case name

    /// ECMA-48 SGR parameters.
    var sgr: String? {
        switch self {
        case .plain: nil
        case .strong: "1"
        case .dim: "2"
        case .good: "1;32"
        case .bad: "1;31"
        case .caution: "33"
        case .translation: "35"
        case .name: "36"
        }
    }
}

/// A line of text, or a part of one, in styles. Made by a `Pen`, hence safe to print.
struct StyledText: Sendable, Hashable {
    struct Span: Sendable, Hashable {
        var text: String
        var style: TextStyle
    }

    private(set) var spans: [Span] = []

    init() {}

    /// `text` has passed through a pen.
    fileprivate init(spans: [Span]) {
        self.spans = spans
    }

    init(safe text: String, style: TextStyle) {
        if !text.isEmpty { spans = [Span(text: text, style: style)] }
    }

    var columns: Int { spans.reduce(0) { $0 + $1.text.columns } }
    var isEmpty: Bool { spans.isEmpty }
    var plain: String { spans.map(\.text).joined() }

    static func + (left: Self, right: Self) -> Self { Self(spans: left.spans + right.spans) }
    static func += (left: inout Self, right: Self) { left.spans += right.spans }

    /// Spaces up to `column`; nothing where the text is already that wide.
    func padded(to column: Int) -> Self {
        let missing = column - columns
        return missing > 0 ? self + Self.spaces(missing) : self
    }

    func paddedLeft(to column: Int) -> Self {
        let missing = column - columns
        return missing > 0 ? Self.spaces(missing) + self : self
    }

    static func spaces(_ count: Int) -> Self {
        Self(safe: String(repeating: " ", count: max(0, count)), style: .plain)
    }

    /// The text cut to `limit` columns, with `mark` as its last ones where something was cut.
    func truncated(to limit: Int, mark: StyledText) -> Self {
        guard columns > limit else { return self }
        return (split(at: max(0, limit - mark.columns)).0 + mark).split(at: limit).0
    }

    /// Two parts, the first of at most `column` columns.
    func split(at column: Int) -> (StyledText, StyledText) {
        var head: [Span] = []
        var room = column
        for (index, span) in spans.enumerated() {
            let width = span.text.columns
            if width <= room {
                head.append(span)
                room -= width
                continue
            }
            var first = ""
            var rest = span.text.unicodeScalars[...]
            while let scalar = rest.first, scalar.columns <= room {
                room -= scalar.columns
                first.unicodeScalars.append(scalar)
                rest = rest.dropFirst()
            }
            if !first.isEmpty { head.append(Span(text: first, style: span.style)) }
            let tail = [Span(text: String(rest), style: span.style)] + spans[(index + 1)...]
            return (Self(spans: head), Self(spans: tail))
        }
        return (self, StyledText())
    }

    /// Lines of at most `width` columns, broken at spaces where there are any.
    func wrapped(to width: Int) -> [StyledText] {
        let width = max(1, width)
        var lines: [StyledText] = []
        var rest = self
        while rest.columns > width {
            // One column more, so that a space just behind the edge still counts as a place to break.
            let window = rest.split(at: width + 1).0.plain
            var breakColumn = 0
            var column = 0
            var last: Unicode.Scalar = " "
            for scalar in window.unicodeScalars {
                // An arrow stays with what it points at.
                let isPlace = scalar == " " && last != " " && last != "→" && last != "⇒" && last != ">"
                if isPlace, column <= width { breakColumn = column }
                column += scalar.columns
                last = scalar
            }
            let cut = breakColumn > 0 ? breakColumn : max(1, width)
            var (head, tail) = rest.split(at: cut)
            if head.isEmpty {
                // A character wider than the line: give it the line.
                (head, tail) = rest.split(at: 2)
                if head.isEmpty { break }
            }
            lines.append(head.trimmedEnd())
            rest = tail.trimmedStart()
        }
        if !rest.isEmpty || lines.isEmpty { lines.append(rest) }
        return lines
    }

    func trimmedStart() -> Self {
        var copy = self
        while let first = copy.spans.first {
            let text = first.text.drop { $0 == " " }
            if text.isEmpty {
                copy.spans.removeFirst()
            } else {
                copy.spans[0].text = String(text)
                break
            }
        }
        return copy
    }

    func trimmedEnd() -> Self {
        var copy = self
        while var last = copy.spans.last {
            while last.text.last == " " { last.text.removeLast() }
            copy.spans.removeLast()
            if !last.text.isEmpty {
                copy.spans.append(last)
                break
            }
        }
        return copy
    }

    /// The characters for the terminal, with SGR sequences where `color` is set.
    func rendered(color: Bool) -> String {
        guard color else { return plain }
        return spans.map { span in
            guard let sgr = span.style.sgr, span.text.contains(where: { $0 != " " }) else { return span.text }
            return "\u{1b}[\(sgr)m\(span.text)\u{1b}[0m"
        }.joined()
    }
}

extension [StyledText] {
    /// The parts one after the other, with `separator` between those that hold something.
    func joined(_ separator: StyledText) -> StyledText {
        var result = StyledText()
        for part in self where !part.isEmpty {
            if !result.isEmpty { result += separator }
            result += part
        }
        return result
    }

    /// Lines ended by newlines, without spaces at their ends.
    func rendered(color: Bool) -> String {
        map { $0.trimmedEnd().rendered(color: color) + "\n" }.joined()
    }
}
