/// A map as SVG: a box for each namespace that others hang on, those others at the ends of its wires.
struct MapSVG {
    private let layout: MapLayout
    private let margin = 20
    private let line = 20

    init(_ layout: MapLayout) {
        self.layout = layout
    }

    func document() -> SVGDocument {
        var svg = SVGDocument(title: "network map")
        var y = margin
        for chain in layout.chains {
            svg.text(chain.joined(separator: " ── "), x: margin, y: y + 8, .name)
            y += line + 8
        }
        for box in layout.boxes {
            y = draw(box, at: y, in: &svg) + 34
            guard box.alike > 0 else { continue }
            svg.text("… \(box.alike) more like \(box.namespace)", x: margin + 4, y: y, .dim)
            y += line + 14
        }
        if !layout.empty.isEmpty {
            let more = layout.emptyMore > 0 ? " and \(layout.emptyMore) more" : ""
            let names = layout.empty.map(\.text).joined(separator: ", ")
            svg.text("with nothing but lo: \(names)\(more)", x: margin, y: y, .dim)
            y += line
        }
        for warning in layout.warnings {
            svg.text("! \(warning)", x: margin, y: y, .caution)
            y += line
        }
        return svg
    }

    private func left(_ row: MapLayout.Row) -> [Phrase] { [Phrase(row.device)] + row.words }

    private func pixels(_ phrases: [Phrase]) -> Int {
        phrases.reduce(0) { $0 + SVGDocument.pixels($1.text) + 2 * SVGDocument.column }
    }

    /// - Returns: where the box ends.
    private func draw(_ box: MapLayout.Box, at top: Int, in svg: inout SVGDocument) -> Int {
        let facts = box.facts.map { fact in
            (fact.label.isEmpty ? [] : [Phrase(fact.label, .dim)]) + fact.phrases
        }
        let title = [box.namespace, box.subtitle].compactMap(\.self).joined(separator: "  ")
        let widest =
            (box.rows.map { pixels(left($0)) + $0.depth * 20 } + facts.map(pixels)
            + [SVGDocument.pixels(title)]).max() ?? 0
        let width = max(200, widest + 32)
        let right = margin + width + 70
        var y = top + 28
        var drawings: [(MapLayout.Row, y: Int)] = []
        for row in box.rows {
            drawings.append((row, y))
            let farLines = row.far.map { 1 + $0.below.count } ?? 1
            y += row.far?.kind == .leaf || row.far?.kind == .box ? farLines * line + 14 : line + 6
        }
        y += facts.isEmpty ? 0 : 6
        let factsTop = y
        y += facts.count * line
        svg.text(title, x: margin + 4, y: top + 8, .name)
        svg.box(x: margin, y: top + 16, width: width, height: y - top - 16 + 6, .box, radius: 8)
        var bridge = 0
        for (row, rowTop) in drawings {
            let x = margin + 14 + row.depth * 20
            let base = rowTop + 16
            if row.depth == 1 {
                svg.line(x1: margin + 20, y1: bridge + 8, x2: margin + 20, y2: base - 4, .dim)
                svg.line(x1: margin + 20, y1: base - 4, x2: x - 3, y2: base - 4, .dim)
            } else {
                bridge = base
            }
            if row.far?.kind != .more { phrases(left(row), x: x, y: base, in: &svg) }
            if let far = row.far {
                draw(far, of: row, x: right, y: base, from: min(x + pixels(left(row)), margin + width), in: &svg)
            }
        }
        for (index, fact) in facts.enumerated() {
            phrases(fact, x: margin + 14, y: factsTop + 14 + index * line, in: &svg)
        }
        return y
    }

    private func draw(
        _ far: MapLayout.Far, of row: MapLayout.Row, x: Int, y: Int, from start: Int, in svg: inout SVGDocument
    ) {
        if far.kind == .more {
            svg.text(far.namespace, x: x, y: y, .dim)
            return
        }
        svg.line(x1: start, y1: y - 4, x2: x, y2: y - 4, row.isTunnel ? .tunnel : .dim)
        let head = [Phrase(far.namespace, .strong)] + (far.device.isEmpty ? [] : [Phrase(far.device)]) + far.words
        guard far.kind == .leaf || far.kind == .box else {
            phrases(far.kind == .unknown ? [Phrase("?", .caution)] + head.dropFirst() : head, x: x + 6, y: y, in: &svg)
            return
        }
        let width = ([pixels(head)] + far.below.map { pixels([$0]) }).max() ?? 0
        svg.box(
            x: x, y: y - 16, width: width + 8, height: (1 + far.below.count) * line + 6,
            far.kind == .leaf ? .box : .ghost)
        phrases(head, x: x + 10, y: y, in: &svg)
        for (index, fact) in far.below.enumerated() {
            phrases([fact], x: x + 10, y: y + (index + 1) * line, in: &svg)
        }
    }

    private func phrases(_ phrases: [Phrase], x: Int, y: Int, in svg: inout SVGDocument) {
        var x = x
        for phrase in phrases {
            svg.text(phrase.text, x: x, y: y, role(phrase.style))
            x += SVGDocument.pixels(phrase.text) + 2 * SVGDocument.column
        }
    }

    private func role(_ style: TextStyle) -> SVGDocument.Role {
        switch style {
        case .plain, .name: .text
        case .strong: .name
        case .dim: .dim
        case .good: .good
        case .bad: .bad
        case .caution: .caution
        case .translation: .translation
        }
    }
}
