/// The wires between the boxes of a map, each once.
struct MapWires {
    /// A row of a box.
    struct End: Hashable {
        var box: Int
        var row: Int
    }

    struct Wire {
        var from: End
        var to: End
        var isTunnel: Bool
    }

    private(set) var all: [Wire] = []

    /// A wire to a box that is folded leads to the one that is drawn in its place.
    init(_ layout: MapLayout) {
        var rows: [String: End] = [:]
        var standIns: [String: Int] = [:]
        for (number, box) in layout.boxes.enumerated() {
            for name in box.alike { standIns[name] = number }
            for (index, row) in box.rows.enumerated() {
                rows["\(box.namespace)/\(row.device)"] = End(box: number, row: index)
            }
        }
        var drawn: Set<[End]> = []
        for (number, box) in layout.boxes.enumerated() {
            for (index, row) in box.rows.enumerated() {
                guard let far = row.far, far.kind == .box else { continue }
                let from = End(box: number, row: index)
                let standIn = standIns[far.namespace].map { End(box: $0, row: 0) }
                guard let to = rows["\(far.namespace)/\(far.device)"] ?? standIn else { continue }
                let ends = from.box < to.box || from.box == to.box && from.row < to.row ? [from, to] : [to, from]
                if drawn.insert(ends).inserted {
                    all.append(Wire(from: ends[0], to: ends[1], isTunnel: row.isTunnel))
                }
            }
        }
    }

    /// The boxes that one has wires to.
    func joined(to box: Int) -> [Int] {
        all.compactMap { wire in
            wire.from.box == wire.to.box
                ? nil : wire.from.box == box ? wire.to.box : wire.to.box == box ? wire.from.box : nil
        }
    }
}

extension MapSVG {
    /// Lines that run beside each other are so many pixels apart; more than three lie upon each other.
    private static let lane = 5

    /// A curve between neighboring columns; else around the boxes, through the gaps between columns and below them.
    func draw(_ wire: MapWires.Wire, _ number: Int, in svg: inout SVGDocument) {
        svg.open("link", [("from", place(of: wire.from)), ("to", place(of: wire.to))])
        defer { svg.close() }
        var (left, right) = (wire.from, wire.to)
        if placement.places[left.box].column > placement.places[right.box].column { swap(&left, &right) }
        let (first, second) = (placement.places[left.box], placement.places[right.box])
        let start = (x: first.x + shapes[left.box].width, y: height(of: left))
        let end = (x: second.x, y: height(of: right))
        let role: SVGDocument.Role = wire.isTunnel ? .tunnel : .dim
        let lane = number % 3 * Self.lane
        // Right of the first box's whole column, where nothing stands.
        let side = columnEnd(first.column) + 14 + lane
        if first.column == second.column {
            let back = second.x + shapes[right.box].width
            return svg.path([start, (side, start.y), (side, end.y), (back, end.y)], role)
        }
        if first.band == second.band, second.column == first.column + 1 {
            let edge = (x: first.x + shapes[left.box].outerWidth, y: start.y)
            if edge.x > start.x { svg.line(x1: start.x, y1: start.y, x2: edge.x, y2: edge.y, role) }
            return svg.curve(from: edge.x > start.x ? edge : start, to: end, role)
        }
        let below = placement.bottoms[first.band] + 16 + lane
        let before = second.x - 6 - lane
        var points = [start, (side, start.y), (side, below)]
        if second.band > first.band + 1 {
            // Along the left edge of the page past the bands between.
            let above = placement.bottoms[second.band - 1] + 16 + lane
            points += [(margin - 10 - lane / 2, below), (margin - 10 - lane / 2, above), (before, above)]
        } else {
            points.append((before, below))
        }
        svg.path(points + [(before, end.y), end], role)
    }

    private func place(of end: MapWires.End) -> String {
        let box = shapes[end.box].box
        return "\(box.namespace)/\(box.rows[end.row].device)"
    }

    private func height(of end: MapWires.End) -> Int {
        placement.places[end.box].y + shapes[end.box].rowTops[end.row] + 12
    }

    private func columnEnd(_ column: Int) -> Int {
        placement.places.indices.filter { placement.places[$0].column == column }
            .map { placement.places[$0].x + shapes[$0].outerWidth }.max() ?? 0
    }
}
