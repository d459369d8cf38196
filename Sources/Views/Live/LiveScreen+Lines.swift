import Network
import WalkModel

extension LiveScreen {
    /// The whole screen from its state: `height` lines of at most `options.width` columns, with SGR sequences where colour is
    /// on. Control characters of other people's names are shown as escapes.
    public var lines: [String] {
        var lines: [StyledText] = [titleLine]
        switch page {
        case .table:
            lines += table
            lines += Array(repeating: StyledText(), count: max(0, height - 2 - causeHeight - lines.count))
            lines += causeLines
            lines += [statusLine, helpLine]
            return rendered(lines)
        case .connection, .fix, .help:
            let page = pageLines()
            let room = max(1, height - 2)
            var result = rendered(lines) + page.dropFirst(min(scroll, page.count)).prefix(room)
            result += Array(repeating: "", count: max(0, height - 1 - result.count))
            let more = page.count > room ? "  \(min(scroll + room, page.count)) of \(page.count) lines" : ""
            return result + rendered([message.map { pen($0, .caution) } ?? helpLine + pen(more, .dim)])
        }
    }

    private var pen: Pen { Pen(options) }

    private func rendered(_ lines: [StyledText]) -> [String] {
        lines.prefix(height).map {
            $0.truncated(to: options.width, mark: pen("…")).trimmedEnd().rendered(color: options.color)
        }
    }

    // MARK: Around the table

    private var titleLine: StyledText {
        let failed = facts.failed == 0 ? "none failed" : "\(facts.failed) failed"
        let words =
            facts.hasEnded
            ? "the run has ended" : isPaused ? "paused" : facts.lagSeconds > 0 ? "\(facts.lagSeconds) s behind" : ""
        // What counts are of comes first.
        let sample = facts.sampledOneOf.map { "1 of \($0) packets" } ?? ""
        let state = pen([sample, words].filter { !$0.isEmpty }.joined(separator: ", "), .caution)
        let sums =
            "\(Quantity.text(facts.packets, "packet")), \(Quantity.text(facts.connections, "connection")), "
        let left =
            pen("packetwalk", .strong) + pen("  \(Self.clock(facts.elapsedSeconds))  \(sums)")
            + pen(failed, facts.failed == 0 ? .plain : .bad) + pen("  \(facts.watched)", .dim)
        if state.isEmpty { return left }
        let room = options.width - state.columns - 2
        return left.truncated(to: room, mark: pen("…")).padded(to: room) + .spaces(2) + state
    }

    /// `00:01:12`
    private static func clock(_ seconds: Int64) -> String {
        [seconds / 3600, seconds / 60 % 60, seconds % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
            .joined(separator: ":")
    }

    private var statusLine: StyledText {
        if isTyping { return pen("filter: ", .strong) + pen(filter) + pen("_", .strong) + pen(count, .dim) }
        if let message { return pen(message, .caution) }
        if !filter.isEmpty { return pen("filter: ", .strong) + pen(filter) + pen(count, .dim) }
        let range = chosen.count > tableHeight ? ", \(top + 1) to \(top + shown.count) of \(chosen.count)" : ""
        return pen("\(order.words)\(range)", .dim)
    }

    private var count: String { "   \(chosen.count) of \(rows.count)" }

    private var helpLine: StyledText {
        let keys: [(key: String, does: String)] =
            switch page {
            case .table where isTyping: [("Enter", "keep"), ("Esc", "show all")]
            case .table:
                [
                    ("↑↓", "choose"), ("Enter", "open"), ("f", "fix"), ("c", "copy"), ("/", "filter"),
                    ("s", "sort"), ("p", isPaused ? "go on" : "pause"), ("?", "help"), ("q", "quit"),
                ]
            case .connection: [("Esc", "back"), ("↑↓", "scroll"), ("f", "fix"), ("c", "copy fix")]
            case .fix: [("Esc", "back"), ("c", "copy fix")]
            case .help: [("Esc", "back")]
            }
        return keys.map { pen($0.key, .strong) + pen(" \($0.does)", .dim) }.joined(.spaces(2))
    }

    private var causeLines: [StyledText] {
        guard causeHeight > 0 else { return [] }
        let room = causeHeight - 1
        // One line says how many more there are.
        let shown = causes.count > room ? Array(causes.prefix(max(1, room - 1))) : causes
        var lines = [pen("what is broken", .dim)]
        let counts = shown.map { pen("\($0.packets)×") }
        let column = counts.map(\.columns).max() ?? 0
        for (cause, count) in zip(shown, counts) {
            let mark: WalkHeadline.Mark = .bad
            let style: TextStyle = cause.severity == .error ? .bad : .caution
            var line = pen(cause.severity == .error ? mark.sign : "!", style).padded(to: 3)
            // The message is long: what it is about comes before it.
            let who = pen(cause.clients.joined(separator: ", "), .name).truncated(to: 24, mark: pen("…"))
            let code = cause.code.map { pen("  \($0.rawValue)", .strong) } ?? StyledText()
            line += count.paddedLeft(to: column) + code + .spaces(2) + who
            lines.append(line + .spaces(2) + pen(cause.message))
        }
        if shown.count < causes.count, room > 1 {
            lines.append(.spaces(3) + pen("and \(Quantity.text(causes.count - shown.count, "cause")) more", .dim))
        }
        return lines
    }

    // MARK: The table

    private var shown: ArraySlice<ConnectionRow> { chosen.dropFirst(top).prefix(tableHeight) }

    /// The widths of a row's columns. What is left over stands right of all, so that figures are near their names.
    private struct Columns {
        var outcome: Int
        var subject: Int
        var path: Int
        var amount: Int
        static let rate = 9
        static let roundTrip = 8
        /// The mark of the chosen row, and how it went.
        static let marks = 5

        /// With the widths that a row's texts would take.
        init(width: Int, outcome: Int, subject: Int, path: Int, hasAmount: Bool) {
            self.outcome = outcome
            amount = hasAmount ? 9 : 0
            let fixed = Self.marks + outcome + 2 + (hasAmount ? 11 : 0) + 2 + Self.rate + 2 + Self.roundTrip
            let room = max(12, width - fixed)
            // Of the path the beginning is enough: the code of a cause.
            self.subject = min(subject, max(room * 3 / 5, room - 16))
            self.path = max(0, min(path, room - self.subject - 2))
        }
    }

    private var table: [StyledText] {
        let texts = shown.map { LiveRowText($0) }
        let heading = LiveRowText.heading
        func widest(_ column: (LiveRowText) -> String) -> Int {
            ([heading] + texts).map { pen(column($0)).columns }.max() ?? 0
        }
        let columns = Columns(
            width: options.width, outcome: widest(\.outcome), subject: widest(\.subject), path: widest(\.path),
            hasAmount: options.width >= 120)
        if texts.isEmpty {
            let words = rows.isEmpty ? "no packet so far" : "no connection that the filter lets through"
            return [StyledText(), pen(words, .dim)]
        }
        let head = line(heading, columns, mark: StyledText(), isSelected: false, style: .dim)
        let selected = selected?.number
        return [head]
            + zip(shown, texts).map { row, text in
                line(
                    text, columns, mark: pen(text.mark.sign, text.mark.style), isSelected: row.number == selected,
                    style: .plain)
            }
    }

    private func line(
        _ row: LiveRowText, _ columns: Columns, mark: StyledText, isSelected: Bool, style: TextStyle
    ) -> StyledText {
        func cell(_ text: String, _ width: Int, _ style: TextStyle) -> StyledText {
            pen(text, style).truncated(to: width, mark: pen("…")).padded(to: width)
        }
        let outcome = style == .plain ? row.mark.style : style
        var line = (pen(isSelected ? "▸" : "", .strong).padded(to: 2) + mark).padded(to: Columns.marks)
        line += cell(row.outcome, columns.outcome, outcome) + .spaces(2)
        line += cell(row.subject, columns.subject, isSelected ? .strong : style) + .spaces(2)
        line += cell(row.path, columns.path, style == .plain && row.mark == .bad ? .caution : style)
        if columns.amount > 0 { line += .spaces(2) + pen(row.amount, style).paddedLeft(to: columns.amount) }
        line += .spaces(2) + pen(row.rate, style).paddedLeft(to: Columns.rate)
        line += .spaces(2) + pen(row.roundTrip, style).paddedLeft(to: Columns.roundTrip)
        return line
    }
}

extension LiveRowText {
    fileprivate static let heading = LiveRowText(
        mark: .open, outcome: "outcome", subject: "connection", path: "path or cause", rate: "rate",
        amount: "bytes", roundTrip: "rtt")

    private init(
        mark: WalkHeadline.Mark, outcome: String, subject: String, path: String, rate: String, amount: String,
        roundTrip: String
    ) {
        self.mark = mark
        self.outcome = outcome
        self.subject = subject
        self.path = path
        self.rate = rate
        self.amount = amount
        self.roundTrip = roundTrip
    }
}
