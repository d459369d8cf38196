/// A map as SVG: a box for each namespace that others hang on, those others at the ends of its wires, and the wires
/// between boxes.
struct MapSVG {
    private let layout: MapLayout
    let margin = 20
    let shapes: [Shape]

    /// A box, measured: where everything stands, from its own corner.
    struct Shape {
        var box: MapLayout.Box
        var title: String
        var width: Int
        var height: Int
        /// With what hangs on it.
        var outerWidth: Int
        var rowTops: [Int]
        var factsTop: Int
        var facts: [[Phrase]]
    }

    let placement: MapPlacement
    private let wires: MapWires

    init(_ layout: MapLayout) {
        self.layout = layout
        let shapes = layout.boxes.map(Self.shape)
        let wires = MapWires(layout)
        placement = MapPlacement(
            shapes.enumerated().map { index, shape in
                MapPlacement.Box(
                    name: shape.box.namespace, width: shape.outerWidth, height: shape.height,
                    joined: wires.joined(to: index))
            }, margin: margin, top: margin)
        self.shapes = shapes
        self.wires = wires
    }

    func document() -> SVGDocument {
        var svg = SVGDocument(title: "network map")
        for (number, wire) in wires.all.enumerated() { draw(wire, number, in: &svg) }
        for (shape, place) in zip(shapes, placement.places) { draw(shape, x: place.x, y: place.y, in: &svg) }
        var y = (placement.bottoms.last ?? 0) + 34
        func note(_ text: String, _ role: SVGDocument.Role) {
            for part in SVGDocument.lines(text, width: max(svg.width, SVGDocument.pageWidth) - 2 * margin) {
                svg.text(part, x: margin, y: y, role)
                y += Self.line
            }
        }
        for chain in layout.chains { note(chain.joined(separator: " ── "), .name) }
        if !layout.empty.isEmpty {
            let more = layout.emptyMore > 0 ? " and \(layout.emptyMore) more" : ""
            note("with nothing but lo: " + layout.empty.map(\.text).joined(separator: ", ") + more, .dim)
        }
        for warning in layout.warnings { note("! \(warning)", .caution) }
        return svg
    }

    // MARK: Measuring

    private static let line = 20

    /// What stands in a row; the other end of a wire between boxes too, since such wires may cross.
    private static func words(_ row: MapLayout.Row) -> [Phrase] {
        let far = row.far.flatMap { far -> Phrase? in
            far.kind == .box ? Phrase("→ \(far.namespace) \(far.device)", .dim) : nil
        }
        return [Phrase(row.device)] + row.words + [far].compactMap(\.self)
    }

    private static func pixels(_ phrases: [Phrase]) -> Int {
        phrases.reduce(0) { $0 + SVGDocument.pixels($1.text) + 2 * SVGDocument.column }
    }

    private static func head(_ far: MapLayout.Far) -> [Phrase] {
        [Phrase(far.namespace, .strong)] + (far.device.isEmpty ? [] : [Phrase(far.device)]) + far.words
    }

    /// From a box to what hangs on it.
    private static let reach = 56

    private static func shape(_ box: MapLayout.Box) -> Shape {
        let facts = box.facts.flatMap { fact in
            wrapped((fact.label.isEmpty ? [] : [Phrase(fact.label, .dim)]) + fact.phrases)
        }
        let more = box.alikeNames.map { "… \(box.alike.count) more like it: \($0)" }
        let title = [box.namespace, box.subtitle, more].compactMap(\.self).joined(separator: "  ")
        let widest =
            (box.rows.map { pixels(words($0)) + $0.depth * 20 } + facts.map(pixels) + [SVGDocument.pixels(title)])
            .max() ?? 0
        let width = max(180, widest + 32)
        var far = 0
        var y = 28
        var tops: [Int] = []
        for row in box.rows {
            tops.append(y)
            guard let end = row.far, end.kind != .box else {
                y += line + 6
                continue
            }
            far = max(far, ([pixels(head(end))] + end.below.map { pixels([$0]) }).max() ?? 0)
            y += end.kind == .leaf ? (1 + end.below.count) * line + 14 : line + 6
        }
        y += facts.isEmpty ? 0 : 6
        let factsTop = y
        y += facts.count * line
        return Shape(
            box: box, title: title, width: width, height: y + 6, outerWidth: width + (far > 0 ? reach + far + 12 : 0),
            rowTops: tops, factsTop: factsTop, facts: facts)
    }

    /// A fact that is a long text goes on in further lines.
    private static func wrapped(_ phrases: [Phrase]) -> [[Phrase]] {
        let limit = 760
        if pixels(phrases) <= limit { return [phrases] }
        return phrases.enumerated().flatMap { index, phrase in
            SVGDocument.lines(phrase.text, width: limit).enumerated().map { row, text in
                index == 0 && row == 0 ? [Phrase(text, phrase.style)] : [Phrase("  " + text, phrase.style)]
            }
        }
    }

    // MARK: Boxes

    private func draw(_ shape: Shape, x left: Int, y top: Int, in svg: inout SVGDocument) {
        let right = left + shape.width + Self.reach
        svg.text(shape.title, x: left + 4, y: top + 8, .name)
        svg.box(x: left, y: top + 16, width: shape.width, height: shape.height - 16, .box, radius: 8)
        var bridge = 0
        for (row, offset) in zip(shape.box.rows, shape.rowTops) {
            let x = left + 14 + row.depth * 20
            let base = top + offset + 16
            if row.depth == 1 {
                svg.line(x1: left + 20, y1: bridge + 8, x2: left + 20, y2: base - 4, .dim)
                svg.line(x1: left + 20, y1: base - 4, x2: x - 3, y2: base - 4, .dim)
            } else {
                bridge = base
            }
            let words = Self.words(row)
            let place = "\(shape.box.namespace)/\(row.device)"
            if row.far?.kind == .more {
                svg.text("…", x: x, y: base, .dim)
            } else {
                spot(words, of: place, x: x, y: base, in: &svg)
            }
            if let far = row.far {
                let start = min(x + Self.pixels(words), left + shape.width)
                draw(far, of: row, x: right, y: base, from: (start, place), in: &svg)
            }
        }
        for (index, fact) in shape.facts.enumerated() {
            phrases(fact, x: left + 14, y: top + shape.factsTop + 14 + index * Self.line, in: &svg)
        }
    }

    /// Text that can be pointed at in a page: a device.
    private func spot(_ words: [Phrase], of place: String, x: Int, y: Int, in svg: inout SVGDocument) {
        svg.open("place", [("place", place)])
        svg.box(
            x: x - 4, y: y - 14, width: SVGDocument.pixels(words.first?.text ?? "") + 8, height: 20, .spot, radius: 4)
        phrases(words, x: x, y: y, in: &svg)
        svg.close()
    }

    private func draw(
        _ far: MapLayout.Far, of row: MapLayout.Row, x: Int, y: Int, from start: (x: Int, place: String),
        in svg: inout SVGDocument
    ) {
        switch far.kind {
        case .box: return
        case .more: svg.text(Self.plain(far.namespace), x: x, y: y, .dim)
        case .unknown, .outside:
            svg.line(x1: start.x, y1: y - 4, x2: x, y2: y - 4, row.isTunnel ? .tunnel : .dim)
            let head = Self.head(far)
            phrases(far.kind == .unknown ? [Phrase("?", .caution)] + head.dropFirst() : head, x: x + 6, y: y, in: &svg)
        case .leaf:
            svg.open("link", [("from", start.place), ("to", "\(far.namespace)/\(far.device)")])
            svg.line(x1: start.x, y1: y - 4, x2: x, y2: y - 4, row.isTunnel ? .tunnel : .dim)
            svg.close()
            let head = Self.head(far)
            let width = ([Self.pixels(head)] + far.below.map { Self.pixels([$0]) }).max() ?? 0
            svg.box(x: x, y: y - 16, width: width + 8, height: (1 + far.below.count) * Self.line + 6, .box)
            let name = SVGDocument.pixels(far.namespace) + 2 * SVGDocument.column
            svg.text(far.namespace, x: x + 10, y: y, .name)
            if far.device.isEmpty {
                phrases(Array(head.dropFirst()), x: x + 10 + name, y: y, in: &svg)
            } else {
                spot(
                    Array(head.dropFirst()), of: "\(far.namespace)/\(far.device)", x: x + 10 + name, y: y, in: &svg)
            }
            for (index, fact) in far.below.enumerated() {
                phrases([fact], x: x + 10, y: y + (index + 1) * Self.line, in: &svg)
            }
        }
    }

    private func phrases(_ phrases: [Phrase], x: Int, y: Int, in svg: inout SVGDocument) {
        var x = x
        for phrase in phrases {
            let text = Self.plain(phrase.text)
            svg.text(text, x: x, y: y, role(phrase.style))
            x += SVGDocument.pixels(text) + 2 * SVGDocument.column
        }
    }

    /// Without what only a terminal's reader can do.
    private static func plain(_ text: String) -> String { text.replacing(" (-v lists them)", with: "") }

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
