import Network

/// A map as text: a box for each namespace that others hang on, its wires going out to the right.
struct MapText {
    private let pen: Pen

    init(_ options: RenderOptions) {
        pen = Pen(options)
    }

    private var width: Int { pen.options.width }
    private static let howToList = " (-v lists them)"

    func render(_ topology: Topology, isPart: Bool = false) -> String {
        let layout = MapLayout(topology, verbosity: pen.options.verbosity, isPart: isPart)
        var lines: [StyledText] = []
        for chain in layout.chains {
            lines += indented(chain.map { pen($0, .strong) }.joined(pen(" ── ", .dim)), by: 1)
        }
        for box in layout.boxes {
            if !lines.isEmpty { lines.append(StyledText()) }
            lines += self.lines(box)
            if let names = box.alikeNames {
                let more = "… \(box.alike.count) more like \(box.namespace): \(names)\(Self.howToList)"
                lines += indented(pen(more, .dim), by: 1)
            }
        }
        if layout.boxes.isEmpty { lines.append(pen("no network namespace could be read", .caution)) }
        if !layout.empty.isEmpty {
            lines.append(StyledText())
            let names = layout.empty.map { pen($0.text, $0.style) }.joined(pen(", "))
            let more = layout.emptyMore > 0 ? pen(" and \(layout.emptyMore) more\(Self.howToList)", .dim) : StyledText()
            lines += indented(pen("with nothing but lo: ", .dim) + names + more, by: 1)
        }
        if !layout.warnings.isEmpty { lines.append(StyledText()) }
        for warning in layout.warnings { lines += indented(pen("! ", .caution) + pen(warning), by: 1) }
        return lines.rendered(color: pen.options.color)
    }

    private func indented(_ text: StyledText, by indent: Int) -> [StyledText] {
        text.wrapped(to: width - indent - 2).enumerated().map { row, part in
            .spaces(indent + (row == 0 ? 0 : 2)) + part
        }
    }

    // MARK: - One box

    private func lines(_ box: MapLayout.Box) -> [StyledText] {
        let title = pen(box.namespace, .strong) + (box.subtitle.map { pen("  \($0)", .dim) } ?? StyledText())
        let lefts = box.rows.map { left($0) }
        let facts = box.facts.map { fact in
            pen(fact.label.isEmpty ? "" : "\(fact.label)  ", .dim)
                + fact.phrases.map { pen($0.text, $0.style) }.joined(.spaces(1))
        }
        // The wires' ends want their room; the box takes what it needs of the rest.
        let far = box.rows.compactMap { $0.far.map { self.far($0).map(\.columns).max() ?? 0 } }.max() ?? 0
        let most = width - 4 - (far > 0 ? 4 + max(20, min(far, width * 45 / 100)) : 0)
        let natural = (lefts.map(\.columns) + facts.map(\.columns) + [title.columns + 2]).max() ?? 0
        let inner = max(min(natural, most), min(28, most))
        let farWidth = width - inner - 4 - 4

        var lines: [StyledText] = []
        let top = title.truncated(to: inner, mark: pen("…"))
        lines.append(
            .spaces(1) + pen("┌ ", .dim) + top + .spaces(1)
                + pen(String(repeating: "─", count: max(0, inner - top.columns)) + "┐", .dim))
        for (row, left) in zip(box.rows, lefts) { lines += self.lines(row, left, inner: inner, farWidth: farWidth) }
        if !facts.isEmpty, !box.rows.isEmpty { lines.append(inside(StyledText(), inner)) }
        for fact in facts {
            for (index, part) in fact.wrapped(to: inner - 2).enumerated() {
                lines.append(inside(.spaces(index == 0 ? 0 : 2) + part, inner))
            }
        }
        lines.append(.spaces(1) + pen("└" + String(repeating: "─", count: inner + 2) + "┘", .dim))
        return lines
    }

    private func inside(_ text: StyledText, _ inner: Int) -> StyledText {
        .spaces(1) + pen("│ ", .dim) + text.padded(to: inner) + pen(" │", .dim)
    }

    private func left(_ row: MapLayout.Row) -> StyledText {
        let branch = row.depth == 0 ? StyledText() : pen(row.isLastPort ? "└ " : "├ ", .dim)
        return branch + ([pen(row.device)] + row.words.map { pen($0.text, $0.style) }).joined(.spaces(2))
    }

    /// The far end's lines.
    private func far(_ far: MapLayout.Far) -> [StyledText] {
        switch far.kind {
        case .outside: return [pen(far.namespace)]
        case .more: return [pen(far.namespace + Self.howToList, .dim)]
        case .unknown:
            return [pen("?  \(far.device)", .caution)] + far.words.map { pen($0.text, $0.style) }
        case .leaf, .box:
            let head = [pen(far.namespace, .strong), pen(far.device)] + far.words.map { pen($0.text, $0.style) }
            return [head.joined(.spaces(1))] + far.below.map { pen($0.text, $0.style) }
        }
    }

    private func lines(_ row: MapLayout.Row, _ left: StyledText, inner: Int, farWidth: Int) -> [StyledText] {
        let isMore = row.far?.kind == .more
        let room = inner - (row.far == nil ? 0 : 1)
        var leftLines = isMore ? [pen("┆", .dim)] : left.wrapped(to: room)
        // Further lines begin two columns later.
        if leftLines.dropFirst().contains(where: { $0.columns > inner - 2 }) {
            leftLines = left.wrapped(to: max(1, room - 2))
        }
        let rights = (row.far.map { far($0) } ?? []).flatMap { line in
            line.wrapped(to: farWidth).enumerated().map { $0.offset == 0 ? $0.element : .spaces(0) + $0.element }
        }
        let wire = row.isTunnel ? "═" : "─"
        let rail = row.depth == 1 && !row.isLastPort ? pen("┆ ", .dim) : .spaces(2)
        var lines: [StyledText] = []
        for index in 0..<max(leftLines.count, rights.count) {
            var text = index < leftLines.count ? leftLines[index] : StyledText()
            if index > 0 { text = railed(row, text, rail) }
            guard let far = row.far, index == 0 else {
                var line = inside(text, inner)
                if index < rights.count { line += .spaces(3) + rights[index] }
                lines.append(line)
                continue
            }
            if far.kind == .more {
                lines.append(inside(text, inner) + .spaces(3) + (rights.first ?? StyledText()))
                continue
            }
            let run = String(repeating: wire, count: max(0, inner - text.columns - 1))
            var line = StyledText.spaces(1) + pen("│ ", .dim) + text
            line += text.columns < inner ? .spaces(1) + pen(run + wire, .dim) : pen(wire, .dim)
            line += pen("┼" + wire + wire, .dim) + .spaces(1)
            line += rights.first ?? StyledText()
            lines.append(line)
        }
        return lines
    }

    private func railed(_ row: MapLayout.Row, _ text: StyledText, _ rail: StyledText) -> StyledText {
        guard row.depth == 1 else { return text.isEmpty ? text : .spaces(2) + text }
        return row.isLastPort ? (text.isEmpty ? text : .spaces(2) + text) : pen("│ ", .dim) + text
    }
}
