import WalkModel

/// A walk as SVG: boxes with the packet's way through them, the answer's way below it, and what changed.
struct WalkSVG {
    private let drawing: WalkDrawing
    private let margin = 20
    private let boxHeight = 66

    init(_ drawing: WalkDrawing) {
        self.drawing = drawing
    }

    func document() -> SVGDocument {
        var svg = SVGDocument(title: "\(drawing.title): \(drawing.outcome)")
        let role: SVGDocument.Role =
            switch drawing.headline.mark {
            case .good: .good
            case .open: .caution
            case .bad: .bad
            }
        svg.text("\(drawing.headline.mark.sign) \(drawing.headline.outcome)", x: margin, y: 30, role)
        let start = margin + SVGDocument.pixels("\(drawing.headline.mark.sign) \(drawing.headline.outcome)   ")
        svg.text(drawing.title, x: start, y: 30, .name)
        if let remark = drawing.headline.remark {
            svg.text(remark, x: start + SVGDocument.pixels(drawing.title + "   "), y: 30, .dim)
        }
        var bottom = draw(drawing.layout, drawing.steps, at: 48, answer: drawing.answer, in: &svg)
        bottom = notes(drawing.steps, at: bottom + 8, in: &svg)
        if let layout = drawing.answerLayout, let steps = drawing.answerSteps, let reply = drawing.reply {
            let headline = WalkHeadline(reply, reply: nil)
            svg.text("reply: \(headline.mark.sign) \(headline.outcome)", x: margin, y: bottom + 30, .name)
            bottom = draw(layout, steps, at: bottom + 44, answer: nil, in: &svg)
            bottom = notes(steps, at: bottom + 8, in: &svg)
        }
        for finding in drawing.request.findings {
            svg.text(finding.message, x: margin, y: bottom + 30, finding.severity == .error ? .bad : .caution)
            bottom += 22
            for command in finding.remedy?.lastingCommands ?? [] {
                svg.text("fix  \(command)", x: margin, y: bottom + 30)
                bottom += 20
            }
            guard let remedy = finding.remedy, remedy.lastingCommands != remedy.commands else { continue }
            for command in remedy.commands {
                svg.text("or for now  \(command)", x: margin, y: bottom + 30)
                bottom += 20
            }
        }
        return svg
    }

    /// - Returns: where the drawing ends.
    private func draw(
        _ layout: PathLayout, _ steps: WalkSteps, at top: Int, answer: String?, in svg: inout SVGDocument
    ) -> Int {
        let boxTop = top + 24
        let way = boxTop + (answer == nil ? boxHeight / 2 - 4 : 24)
        let back = boxTop + boxHeight - 12
        var x = margin
        var shapes: [(PathLayout.Lane, x: Int, width: Int)] = []
        for lane in layout.lanes {
            let inner = lane.stations.reduce(0) { $0 + SVGDocument.pixels($1.label) + 18 + 22 } + 22
            let width = max(inner, SVGDocument.pixels(lane.namespace) + 20)
            shapes.append((lane, x, width))
            x += width + 44
        }
        for shape in shapes {
            svg.text(shape.0.namespace, x: shape.x + 4, y: boxTop - 8, .name)
            svg.box(
                x: shape.x, y: boxTop, width: shape.width, height: boxHeight, shape.0.isMissing ? .ghost : .box,
                radius: 8)
        }
        // The way lies below the stations.
        for (index, shape) in shapes.enumerated() {
            let isLast = index == shapes.count - 1
            guard let wire = shape.0.wire else { continue }
            let role: SVGDocument.Role = wire == .tunnel ? .tunnel : wire == .missing ? .ghost : .wire
            let end = isLast ? shape.x + shape.width + 40 : shapes[index + 1].x
            svg.line(x1: shape.x + shape.width - 22, y1: way, x2: end + (isLast ? 0 : 22), y2: way, role, arrow: isLast)
            if wire == .outside { svg.text("outside", x: end + 6, y: way + 4, .dim) }
        }
        let byNumber = Dictionary(steps.steps.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        for shape in shapes {
            draw(
                shape.0, from: shape.x, to: shape.x + shape.width, byNumber, at: way, below: boxTop + boxHeight,
                in: &svg)
        }
        if let answer, let first = shapes.first, let last = shapes.last {
            svg.line(x1: last.x + last.width - 22, y1: back, x2: first.x + 22, y2: back, .back, arrow: true)
            svg.text(answer, x: margin, y: boxTop + boxHeight + 36, .dim)
            return boxTop + boxHeight + 40
        }
        return boxTop + boxHeight + 20
    }

    /// The stations of a lane, with the wire between them.
    private func draw(
        _ lane: PathLayout.Lane, from left: Int, to right: Int, _ steps: [Int: WalkStep], at way: Int,
        below bottom: Int,
        in svg: inout SVGDocument
    ) {
        var x = left + 22
        for (place, station) in lane.stations.enumerated() {
            let width = SVGDocument.pixels(station.label) + 18
            if place < lane.stations.count - 1 {
                let next = lane.stations[place + 1]
                svg.line(x1: x + width, y1: way, x2: x + width + 22, y2: way, next.kind == .missing ? .ghost : .wire)
            } else if lane.wire != nil {
                svg.line(x1: x + width, y1: way, x2: right - 22, y2: way)
            }
            let told = station.numbers.compactMap { steps[$0] }
            let tip = told.flatMap { [$0.sentence] + $0.notes.map(\.text) }.joined(separator: "; ")
            svg.box(
                x: x, y: way - 12, width: width, height: 24, role(station.kind), radius: 12,
                tip: tip.isEmpty ? nil : tip)
            svg.text(station.label, x: x + width / 2, y: way + 5, text(station.kind), centred: true)
            if let number = station.numbers.first {
                svg.text("\(number)", x: x + width / 2, y: bottom + 16, .dim, centred: true)
            }
            x += width + 22
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

    /// The steps that changed the packet or ended it.
    private func notes(_ steps: WalkSteps, at top: Int, in svg: inout SVGDocument) -> Int {
        var y = top
        for step in steps.steps where [.translation, .stop, .missing, .hook].contains(step.kind) {
            y += 20
            svg.text("\(step.number)", x: margin, y: y, .dim)
            svg.text("\(step.namespace) \(step.sentence)", x: margin + 28, y: y, text(step.kind))
            for note in step.notes {
                y += 18
                svg.text(note.text, x: margin + 44, y: y, .dim)
            }
        }
        return y
    }
}
