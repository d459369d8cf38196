/// Rows of cells in aligned columns: `doctor`, `lab list`, summaries.
public struct Table: Sendable {
    public enum Mark: Sendable, Hashable {
        case none
        case good
        case caution
        case bad
    }

    public struct Row: Sendable {
        /// A sign before the row: what it means does not rest on colour.
        public var mark: Mark
        public var cells: [String]
        public init(_ cells: [String], mark: Mark = .none) {
            self.cells = cells
            self.mark = mark
        }
    }

    /// Empty for a table without a heading.
    public var heading: [String]
    public var rows: [Row]
    /// Columns whose cells end at the same place, as figures do.
    public var rightAligned: Set<Int>
    /// Whether a last column that is too wide goes on in further lines; else it is cut.
    public var wraps: Bool

    public init(heading: [String] = [], rows: [Row] = [], rightAligned: Set<Int> = [], wraps: Bool = true) {
        self.heading = heading
        self.rows = rows
        self.rightAligned = rightAligned
        self.wraps = wraps
    }

    /// Text of at most `options.width` columns; the last column wraps, the others are cut at a third of the width.
    ///
    /// - Parameter indent: spaces before each line.
    public func render(_ options: RenderOptions, indent: Int = 0) -> String {
        let pen = Pen(options)
        let all = (heading.isEmpty ? [] : [heading]) + rows.map(\.cells)
        let count = all.map(\.count).max() ?? 0
        guard count > 0 else { return "" }
        let marked = rows.contains { $0.mark != .none }
        let signWidth = marked ? (options.unicode ? 2 : 3) : 0
        let markWidth = indent + signWidth
        // However many columns there are, each must leave room for the last.
        let limit = max(4, (options.width - markWidth) / max(3, count) - 2)
        let widest = (0..<count).map { column in
            all.map { column < $0.count ? pen($0[column]).columns : 0 }.max() ?? 0
        }
        let natural = widest.dropLast().reduce(0) { $0 + $1 + 2 }
        let fits = markWidth + natural + min(24, widest.last ?? 0) <= options.width
        let widths = widest.dropLast().map { fits ? $0 : min($0, limit) }

        var lines: [StyledText] = []
        func add(_ cells: [String], mark: Mark, style: TextStyle) {
            var head = StyledText.spaces(indent)
            if marked { head = (head + sign(mark, pen)).padded(to: markWidth) }
            for (column, width) in widths.enumerated() {
                let cell = pen(column < cells.count ? cells[column] : "", style).truncated(to: width, mark: pen("…"))
                head += rightAligned.contains(column) ? cell.paddedLeft(to: width) : cell.padded(to: width)
                head += .spaces(2)
            }
            let last = pen(cells.count == count ? cells[count - 1] : "", style)
            let room = options.width - head.columns
            let parts = wraps ? last.wrapped(to: room) : [last.truncated(to: room, mark: pen("…"))]
            for (index, part) in parts.enumerated() {
                lines.append(index == 0 ? head + part : .spaces(head.columns) + part)
            }
        }
        if !heading.isEmpty { add(heading, mark: .none, style: .dim) }
        for row in rows { add(row.cells, mark: row.mark, style: .plain) }
        return lines.rendered(color: options.color)
    }

    private func sign(_ mark: Mark, _ pen: Pen) -> StyledText {
        switch mark {
        case .none: StyledText()
        case .good: pen("✔", .good)
        case .caution: pen("!", .caution)
        case .bad: pen("✘", .bad)
        }
    }
}
