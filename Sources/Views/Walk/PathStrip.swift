/// The boxes of a walk in characters: names above, stations inside, step numbers below.
///
/// As wide as it likes up to the width; where that is not enough it gets closer, and then goes on in further rows.
struct PathStrip {
    private let pen: Pen
    private let width: Int

    init(_ pen: Pen) {
        self.pen = pen
        self.width = pen.options.width
    }

    private struct Cell {
        var label: StyledText
        var numbers: StyledText
        var columns: Int { max(label.columns, numbers.columns) }
    }

    private struct Box {
        var name: StyledText
        var cells: [Cell]
        var wire: PathLayout.Wire?
        var isMissing: Bool
        /// Nothing to the left, or right, but the same box in another row.
        var continues = false
        var continued = false

        func inner(_ spacing: Int) -> Int {
            let cells = cells.reduce(0) { $0 + $1.columns } + max(0, cells.count - 1) * spacing
            return max(cells + 2, name.columns, 4)
        }
    }

    func lines(_ layout: PathLayout) -> [StyledText] {
        let boxes = layout.lanes.map(box)
        guard !boxes.isEmpty else { return [] }
        for (spacing, gap) in [(3, 4), (2, 4), (2, 3), (1, 2)] where total(boxes, spacing, gap) <= width - 1 {
            return row(boxes, spacing: spacing, gap: gap, entering: false)
        }
        let loose = broken(boxes, spacing: 2, gap: 3)
        let tight = broken(boxes, spacing: 1, gap: 2)
        let (rows, spacing, gap) = tight.count < loose.count ? (tight, 1, 2) : (loose, 2, 3)
        return rows.enumerated().flatMap { index, row in
            self.row(row, spacing: spacing, gap: gap, entering: index > 0 && !(row.first?.continues ?? false))
        }
    }

    private func box(_ lane: PathLayout.Lane) -> Box {
        let cells = lane.stations.map { station in
            let style: TextStyle =
                switch station.kind {
                case .stop: .bad
                case .missing: .caution
                case .translation: .translation
                case .received: .good
                case .route, .hook: .dim
                case .sent, .device: .plain
                }
            let numbers = numbers(station.numbers)
            // A device's name is at most 15 bytes; other text may be anyone's.
            let owner = station.owner.map { pen(" (\($0))", .dim) } ?? StyledText()
            let label = (pen(station.label, style) + owner).truncated(to: 24, mark: pen("…"))
            return Cell(label: label, numbers: pen(numbers, .dim))
        }
        return Box(
            name: pen(lane.namespace, .strong).truncated(to: min(28, width - 12), mark: pen("…")), cells: cells,
            wire: lane.wire, isMissing: lane.isMissing)
    }

    /// `3`, `3,4`, `3-7`.
    private func numbers(_ numbers: [Int]) -> String {
        guard let first = numbers.first, let last = numbers.last else { return "" }
        return numbers.count < 3 ? numbers.map(String.init).joined(separator: ",") : "\(first)-\(last)"
    }

    private func total(_ boxes: [Box], _ spacing: Int, _ gap: Int) -> Int {
        let wires = boxes.reduce(0) { $0 + wireColumns($1.wire, gap) }
        return 1 + boxes.reduce(0) { $0 + $1.inner(spacing) + 2 } + wires
    }

    private func wireColumns(_ wire: PathLayout.Wire?, _ gap: Int) -> Int {
        switch wire {
        case nil: 0
        case .outside: gap + 1 + pen("▸ outside").columns
        default: gap
        }
    }

    /// Rows of boxes that fit; a box too wide for a row is cut between its stations.
    private func broken(_ boxes: [Box], spacing: Int, gap: Int) -> [[Box]] {
        var rows: [[Box]] = []
        var row: [Box] = []
        // An arrow from the row before, and the point of the one to the next row.
        func used(_ boxes: [Box]) -> Int { total(boxes, spacing, gap) + 1 + (rows.isEmpty ? 0 : gap + 2) }
        for box in boxes {
            if used(row + [box]) <= width {
                row.append(box)
                continue
            }
            if !row.isEmpty { rows.append(row) }
            row = []
            var rest = box
            while used([rest]) > width, rest.cells.count > 1 {
                var part = rest
                part.wire = nil
                repeat { part.cells.removeLast() } while used([part]) > width && part.cells.count > 1
                part.continued = true
                rest.cells.removeFirst(part.cells.count)
                rest.continues = true
                rows.append([part])
            }
            row = [rest]
        }
        if !row.isEmpty { rows.append(row) }
        return rows
    }

    /// The five lines of a row of boxes, as they grow to the right.
    private struct Lines {
        var names = StyledText.spaces(1)
        var top = StyledText.spaces(1)
        var middle = StyledText.spaces(1)
        var bottom = StyledText.spaces(1)
        var numbers = StyledText.spaces(1)

        /// What stands between boxes.
        mutating func add(wire: StyledText) {
            middle += wire
            let space = StyledText.spaces(wire.columns)
            names += space
            top += space
            bottom += space
            numbers += space
        }
    }

    private func row(_ boxes: [Box], spacing: Int, gap: Int, entering: Bool) -> [StyledText] {
        var lines = Lines()
        if entering { lines.add(wire: pen(String(repeating: "─", count: gap) + "▸", .dim)) }
        var isWired = entering
        for (index, box) in boxes.enumerated() {
            add(box, to: &lines, spacing: spacing, isWired: isWired)
            guard let wire = box.wire else { continue }
            isWired = true
            lines.add(wire: self.wire(wire, gap: gap, isLast: index == boxes.count - 1))
        }
        return [lines.names, lines.top, lines.middle, lines.bottom, lines.numbers]
    }

    private func add(_ box: Box, to lines: inout Lines, spacing: Int, isWired: Bool) {
        let inner = box.inner(spacing)
        let rule = box.isMissing ? "┄" : "─"
        let side = box.isMissing ? "┆" : "│"
        lines.names += (StyledText.spaces(1) + box.name).padded(to: inner + 2)
        lines.top += pen("┌" + String(repeating: rule, count: inner) + "┐", .dim)
        lines.bottom += pen("└" + String(repeating: rule, count: inner) + "┘", .dim)

        // Where the box has room to spare, its last station still stands at the right, beside the wire.
        var content = StyledText()
        var below = StyledText()
        let natural = box.cells.reduce(0) { $0 + $1.columns } + max(0, box.cells.count - 1) * spacing
        var slack = inner - 2 - natural
        for (place, cell) in box.cells.enumerated() {
            if place > 0 {
                let isRightmost = place == box.cells.count - 1 && box.wire != nil
                let extra = isRightmost ? slack : 0
                slack -= extra
                content += .spaces(spacing + extra)
                below += .spaces(spacing + extra)
            } else if box.cells.count == 1, box.wire != nil, !isWired {
                content += .spaces(slack)
                below += .spaces(slack)
            }
            content += cell.label.padded(to: cell.columns)
            let left = (cell.columns - cell.numbers.columns) / 2
            below += (StyledText.spaces(left) + cell.numbers).padded(to: cell.columns)
        }
        lines.middle += pen(isWired ? "┤" : box.continues ? "┄" : side, .dim)
        lines.middle += (StyledText.spaces(1) + content).padded(to: inner)
        lines.middle += pen(box.wire != nil ? "├" : box.continued ? "┄" : side, .dim)
        lines.numbers += (StyledText.spaces(2) + below).padded(to: inner + 2)
    }

    private func wire(_ wire: PathLayout.Wire, gap: Int, isLast: Bool) -> StyledText {
        let sign =
            switch wire {
            case .tunnel: "═"
            case .missing: "┄"
            case .plain, .outside: "─"
            }
        let line = pen(String(repeating: sign, count: gap), .dim)
        if wire == .outside { return line + pen("▸ outside", .dim) }
        return isLast ? line + pen("▸", .dim) : line
    }
}
