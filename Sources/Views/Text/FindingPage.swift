/// What the documentation says of a finding's code (`docs/findings.md`), as text for a terminal.
public struct FindingPage: Sendable {
    private var paragraphs: [Paragraph]

    private enum Paragraph: Sendable, Hashable {
        case text(String)
        /// A message as it may be printed.
        case message(String)
        /// Lines that stay as they are.
        case lines([String])
    }

    /// - Parameters:
    ///   - code: `no-source-nat`.
    ///   - document: the whole of `docs/findings.md`.
    ///
    /// Nil where the document has no section on it.
    public init?(code: String, in document: String) {
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
        let start = lines.firstIndex { line in
            line.hasPrefix("### ")
                && line.dropFirst(4).split(separator: ",").contains { $0.drop { $0 == " " } == code }
        }
        guard let start else { return nil }
        let section = lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
        paragraphs = Self.paragraphs(section.map { String($0) })
    }

    private static func paragraphs(_ lines: [String]) -> [Paragraph] {
        var result: [Paragraph] = []
        var isFenced = false
        var isNew = true
        for line in lines {
            if line.hasPrefix("```") {
                isFenced.toggle()
                if isFenced { result.append(.lines([])) }
                isNew = true
            } else if isFenced, case .lines(let before)? = result.last {
                result[result.count - 1] = .lines(before + [line])
            } else if line.allSatisfy(\.isWhitespace) {
                isNew = true
            } else if line.hasPrefix("> ") {
                result.append(.message(plain(String(line.dropFirst(2)))))
                isNew = true
            } else if labels.contains(where: { line.hasPrefix("\($0):") }) {
                // What the output calls it.
                result.append(.text(plain(line.hasPrefix("Remedy:") ? "Fix:" + line.dropFirst(7) : line)))
                isNew = false
            } else if !isNew, !line.hasPrefix("- "), case .text(let before)? = result.last {
                result[result.count - 1] = .text(before + " " + plain(line))
            } else {
                result.append(.text(plain(line)))
                isNew = false
            }
        }
        return result
    }

    private static let labels = ["Idea", "Evidence", "Remedy"]

    /// Without the marks of Markdown; a link is its words.
    private static func plain(_ line: String) -> String {
        var text = line.filter { $0 != "`" }
        while let open = text.firstIndex(of: "["), let middle = text[open...].firstRange(of: "]("),
            let close = text[middle.upperBound...].firstIndex(of: ")")
        {
            text.replaceSubrange(open...close, with: text[text.index(after: open)..<middle.lowerBound])
        }
        return text
    }

    /// What is behind the cause: the document's `Idea:` where it has one, else what it says before what speaks for the cause and
    /// what fixes it. Ended by a newline.
    public func renderIdea(code: String, _ options: RenderOptions) -> String {
        let ideas = paragraphs.compactMap { paragraph -> Paragraph? in
            guard case .text(let text) = paragraph, text.hasPrefix(Self.idea) else { return nil }
            let words = text.dropFirst(Self.idea.count)
            return .text(words.prefix(1).uppercased() + words.dropFirst())
        }
        var page = self
        page.paragraphs =
            ideas.isEmpty
            ? Array(
                paragraphs.prefix { paragraph in
                    guard case .text(let text) = paragraph else { return false }
                    return !Self.labels.contains { text.hasPrefix("\($0):") }
                }) : ideas
        return page.render(code: code, options)
    }

    private static let idea = "Idea: "

    /// Ended by a newline.
    public func render(code: String, _ options: RenderOptions) -> String {
        let pen = Pen(options)
        var lines: [StyledText] = [pen(code, .strong), StyledText()]
        // Longer lines are hard to read.
        let width = min(max(20, options.width), 100)
        for (index, paragraph) in paragraphs.enumerated() {
            if index > 0 { lines.append(StyledText()) }
            switch paragraph {
            case .text(let text): lines += pen(text).wrapped(to: width)
            case .message(let text):
                lines.append(pen("It reads, for example:"))
                lines += pen(text, .dim).wrapped(to: width - 2).map { StyledText.spaces(2) + $0 }
            case .lines(let all): lines += all.map { pen("  \($0)", .dim) }
            }
        }
        return lines.rendered(color: options.color)
    }
}
