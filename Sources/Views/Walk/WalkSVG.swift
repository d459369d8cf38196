import WalkModel

/// A walk as SVG: boxes with the packet's path through them, the reply's path below it, and what changed.
struct WalkSVG {
    private let drawing: WalkDrawing
    /// Whether what has changed is told below the boxes: a page has a table for it.
    private let hasNotes: Bool

    static let margin = 20
    static let right = SVGDocument.pageWidth - margin
    private static let boxHeight = 66
    /// From the top of a row's boxes to that of the next one: numbers, two wires, a name.
    private static let pitch = 136

    init(_ drawing: WalkDrawing, hasNotes: Bool = true) {
        self.drawing = drawing
        self.hasNotes = hasNotes
    }

    /// For a page that says the headline itself.
    func inPage() -> SVGDocument {
        var svg = SVGDocument(title: "\(drawing.title): \(drawing.outcome)")
        _ = boxes(at: 0, in: &svg)
        return svg
    }

    /// Draws all of it from `top` on.
    ///
    /// - Parameter time: said in the headline; may be empty.
    /// - Returns: where it ends.
    func draw(at top: Int, time: String = "", in svg: inout SVGDocument) -> Int {
        var bottom = boxes(at: headline(at: top + 30, time: time, in: &svg), in: &svg)
        for finding in drawing.findings {
            bottom += 10
            bottom = text(
                finding.message, at: bottom, height: 22, finding.severity == .error ? .bad : .caution, in: &svg)
            guard let remedy = finding.remedy else { continue }
            bottom = commands(remedy.lastingCommands, "fix", at: bottom, in: &svg)
            if remedy.lastingCommands != remedy.commands, !remedy.isForOwnerAlone {
                bottom = commands(remedy.commands, "or for now", at: bottom, in: &svg)
            }
        }
        return bottom
    }

    private func commands(_ commands: [String], _ label: String, at bottom: Int, in svg: inout SVGDocument) -> Int {
        var bottom = bottom
        for (index, command) in commands.enumerated() {
            let lead = index == 0 ? label : String(repeating: " ", count: label.count)
            bottom = text("\(lead)  \(command)", at: bottom, height: 20, in: &svg)
        }
        return bottom
    }

    private func text(
        _ text: String, at bottom: Int, height: Int, _ role: SVGDocument.Role = .text, in svg: inout SVGDocument
    ) -> Int {
        var y = bottom
        for line in SVGDocument.lines(text, width: Self.right - Self.margin) {
            y += height
            svg.text(line, x: Self.margin, y: y, role)
        }
        return y
    }

    /// - Returns: where the drawing begins.
    private func headline(at top: Int, time: String, in svg: inout SVGDocument) -> Int {
        let headline = drawing.headline
        let role: SVGDocument.Role =
            switch headline.mark {
            case .good: .good
            case .open: .caution
            case .bad: .bad
            }
        var y = top
        var x = Self.margin
        // What does not fit beside the rest stands below it.
        for (text, role) in [
            ("\(headline.mark.sign) \(headline.outcome)", role), (drawing.title, .name), (headline.remark ?? "", .dim),
            (time, .dim),
        ] where !text.isEmpty {
            if x > Self.margin, x + SVGDocument.pixels(text) > Self.right {
                x = Self.margin
                y += 20
            }
            svg.text(SVGDocument.short(text, (Self.right - Self.margin) / SVGDocument.column), x: x, y: y, role)
            x += SVGDocument.pixels(text + "   ")
        }
        return y + 18
    }

    private func boxes(at top: Int, in svg: inout SVGDocument) -> Int {
        var bottom = draw(drawing.layout, drawing.steps, "request", at: top, answer: drawing.answer, in: &svg)
        bottom = notes(drawing.steps, at: bottom, in: &svg)
        if let layout = drawing.answerLayout, let steps = drawing.answerSteps, let reply = drawing.reply {
            let headline = WalkHeadline(reply, reply: nil)
            svg.text("reply: \(headline.mark.sign) \(headline.outcome)", x: Self.margin, y: bottom + 30, .name)
            bottom = draw(layout, steps, "reply", at: bottom + 44, answer: nil, in: &svg)
            bottom = notes(steps, at: bottom, in: &svg)
        }
        return bottom
    }

    // MARK: Boxes

    /// - Parameter part: `request` or `reply`: whose steps the numbers are.
    /// - Returns: where the drawing ends.
    private func draw(
        _ layout: PathLayout, _ steps: WalkSteps, _ part: String, at top: Int, answer: String?,
        in svg: inout SVGDocument
    ) -> Int {
        // Where it goes on in another row, wires go around the boxes.
        var rows = WalkRows(layout, left: Self.margin, right: Self.right).rows
        if rows.count > 1 { rows = WalkRows(layout, left: Self.margin + 24, right: Self.right - 24).rows }
        let hasBack = answer != nil
        let tops = rows.indices.map { top + 24 + $0 * Self.pitch }
        let ways = tops.map { $0 + (hasBack ? 24 : Self.boxHeight / 2 - 4) }
        for (row, boxTop) in zip(rows, tops) {
            for box in row {
                svg.text(box.name, x: box.x + 4, y: boxTop - 8, .name)
                svg.box(
                    x: box.x, y: boxTop, width: box.width, height: Self.boxHeight, box.isMissing ? .ghost : .box,
                    radius: 8)
            }
        }
        wires(rows, tops: tops, ways: ways, in: &svg)
        let byNumber = Dictionary(steps.steps.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, row) in rows.enumerated() {
            for box in row {
                stops(
                    box, part, byNumber, way: ways[index], numbers: tops[index] + Self.boxHeight + 16, in: &svg)
            }
        }
        guard let answer, let last = tops.last else { return (tops.last ?? top) + Self.boxHeight + 20 }
        back(rows, tops: tops, in: &svg)
        svg.text(answer, x: Self.margin, y: last + Self.boxHeight + 36, .dim)
        return last + Self.boxHeight + 44
    }

    /// The path lies below the stations.
    private func wires(_ rows: [[WalkRows.Box]], tops: [Int], ways: [Int], in svg: inout SVGDocument) {
        // Where the path has come to.
        var from: (x: Int, row: Int, wire: PathLayout.Wire)?
        for (index, row) in rows.enumerated() {
            let way = ways[index]
            for box in row {
                for stop in box.stops {
                    if let from {
                        let isGhost = stop.station.kind == .missing || from.wire == .missing
                        let role: SVGDocument.Role = isGhost ? .ghost : from.wire == .tunnel ? .tunnel : .wire
                        if from.row == index {
                            svg.line(x1: from.x, y1: way, x2: stop.x, y2: way, role)
                        } else {
                            let between = tops[from.row] + Self.boxHeight + 26
                            svg.path(
                                [
                                    (from.x, ways[from.row]), (Self.right - 8, ways[from.row]),
                                    (Self.right - 8, between), (Self.margin + 8, between), (Self.margin + 8, way),
                                    (stop.x, way),
                                ], role, arrow: true)
                        }
                    }
                    from = (stop.end, index, .plain)
                }
                if let wire = box.wire, let x = from?.x {
                    if wire == .outside {
                        svg.line(x1: x, y1: way, x2: box.end + 40, y2: way, arrow: true)
                        svg.text("outside", x: box.end + 46, y: way + 4, .dim)
                    }
                    from?.wire = wire
                }
            }
        }
    }

    /// The reply's path back, below the stations.
    private func back(_ rows: [[WalkRows.Box]], tops: [Int], in svg: inout SVGDocument) {
        guard let end = rows.last?.last, let start = rows.first?.first else { return }
        func height(_ row: Int) -> Int { tops[row] + Self.boxHeight - 12 }
        var points = [(x: end.end - 22, y: height(rows.count - 1))]
        for row in rows.indices.dropFirst().reversed() {
            let between = tops[row - 1] + Self.boxHeight + 34
            points += [
                (Self.margin, height(row)), (Self.margin, between), (Self.right, between),
                (Self.right, height(row - 1)),
            ]
        }
        points.append((start.x + 22, height(0)))
        svg.path(points, .back, arrow: true)
    }

    private func stops(
        _ box: WalkRows.Box, _ part: String, _ steps: [Int: WalkStep], way: Int, numbers y: Int,
        in svg: inout SVGDocument
    ) {
        for stop in box.stops {
            let told = stop.station.numbers.compactMap { steps[$0] }
            let tip = told.flatMap { [$0.sentence] + $0.notes.map(\.text) }.joined(separator: "; ")
            let kind = stop.station.kind
            svg.open(
                "stop", [("part", part), ("steps", stop.station.numbers.map(String.init).joined(separator: " "))])
            svg.box(
                x: stop.x, y: way - 12, width: stop.width, height: 24, role(kind), radius: 12,
                tip: tip.isEmpty ? nil : tip)
            svg.text(stop.label, x: stop.x + stop.width / 2, y: way + 5, text(kind), centred: true)
            svg.close()
            if let number = stop.station.numbers.first {
                svg.text("\(number)", x: stop.x + stop.width / 2, y: y, .dim, centred: true)
            }
        }
    }

    private func role(_ kind: WalkStep.Kind) -> SVGDocument.Role {
        switch kind {
        case .sent, .device: .text
        case .received: .good
        case .route, .hook: .dim
        case .translation: .translation
        case .stop: .bad
        case .missing: .caution
        }
    }

    private func text(_ kind: WalkStep.Kind) -> SVGDocument.Role {
        switch kind {
        case .sent, .device: .text
        default: role(kind)
        }
    }

    // MARK: Notes

    /// The steps that changed the packet or ended it.
    private func notes(_ steps: WalkSteps, at top: Int, in svg: inout SVGDocument) -> Int {
        guard hasNotes else { return top }
        var y = top + 8
        for step in steps.steps where [.translation, .stop, .missing, .hook].contains(step.kind) {
            for (index, line) in SVGDocument.lines(
                "\(step.namespace) \(step.sentence)", width: Self.right - Self.margin - 28
            ).enumerated() {
                y += 20
                if index == 0 { svg.text("\(step.number)", x: Self.margin, y: y, .dim) }
                svg.text(line, x: Self.margin + 28, y: y, text(step.kind))
            }
            for line in step.notes.flatMap({ SVGDocument.lines($0.text, width: Self.right - Self.margin - 44) }) {
                y += 18
                svg.text(line, x: Self.margin + 44, y: y, .dim)
            }
        }
        return y
    }
}
