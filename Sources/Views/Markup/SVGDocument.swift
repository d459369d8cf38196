/// A drawing in SVG 1.1: self-contained, light or dark as the reader's system is, all text escaped.
struct SVGDocument {
    /// What an element is: the style sheet gives it its colours.
    enum Role: String {
        case box
        case ghost
        case name
        case text
        case dim
        case good
        case bad
        case caution
        case translation
        case wire
        case tunnel
        case back
        /// Between drawings.
        case rule
        /// Behind what can be pointed at: without colour until a page gives it one.
        case spot
    }

    private(set) var elements: [String] = []
    private(set) var width = 0
    private(set) var height = 0
    /// Read aloud, and shown in a file list.
    var title: String

    /// Pixels of one column of the text, at 13 pixels in a monospaced font.
    static let column = 8

    init(title: String) {
        self.title = title
    }

    /// How wide a drawing grows before it goes on in another row: what a screen shows without shrinking it.
    static let pageWidth = 1160

    /// Pixels that `text` takes.
    static func pixels(_ text: String) -> Int { Pen.safe(text, unicode: true).columns * column }

    private mutating func reach(_ right: Int, _ bottom: Int) {
        width = max(width, right)
        height = max(height, bottom)
    }

    mutating func text(_ text: String, x: Int, y: Int, _ role: Role = .text, centred: Bool = false) {
        let anchor = centred ? " text-anchor=\"middle\"" : ""
        elements.append(
            "<text class=\"\(role.rawValue)\" x=\"\(x)\" y=\"\(y)\"\(anchor)>\(MarkupText.xml(text))</text>")
        reach(x + (centred ? Self.pixels(text) / 2 : Self.pixels(text)), y + 6)
    }

    /// A rectangle with rounded corners; `tip` shows when pointed at.
    mutating func box(x: Int, y: Int, width: Int, height: Int, _ role: Role, radius: Int = 6, tip: String? = nil) {
        let shape =
            "class=\"\(role.rawValue)\" x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" rx=\"\(radius)\""
        if let tip {
            elements.append("<rect \(shape)><title>\(MarkupText.xml(tip))</title></rect>")
        } else {
            elements.append("<rect \(shape)/>")
        }
        reach(x + width, y + height)
    }

    mutating func line(x1: Int, y1: Int, x2: Int, y2: Int, _ role: Role = .wire, arrow: Bool = false) {
        let end = arrow ? " marker-end=\"url(#arrow)\"" : ""
        elements.append("<line class=\"\(role.rawValue)\" x1=\"\(x1)\" y1=\"\(y1)\" x2=\"\(x2)\" y2=\"\(y2)\"\(end)/>")
        reach(max(x1, x2), max(y1, y2))
    }

    /// A line through `points`.
    mutating func path(_ points: [(x: Int, y: Int)], _ role: Role = .wire, arrow: Bool = false) {
        let end = arrow ? " marker-end=\"url(#\(role == .back ? "arrow-back" : "arrow"))\"" : ""
        let list = points.map { "\($0.x),\($0.y)" }.joined(separator: " ")
        elements.append("<polyline class=\"\(role.rawValue)\" points=\"\(list)\"\(end)/>")
        for point in points { reach(point.x, point.y) }
    }

    /// A line that leaves and arrives horizontally.
    mutating func curve(from start: (x: Int, y: Int), to end: (x: Int, y: Int), _ role: Role = .wire) {
        let middle = (start.x + end.x) / 2
        elements.append(
            "<path class=\"\(role.rawValue)\" d=\"M\(start.x),\(start.y) C\(middle),\(start.y) \(middle),\(end.y) \(end.x),\(end.y)\"/>"
        )
        reach(max(start.x, end.x), max(start.y, end.y))
    }

    /// Begins a group of elements, which `close` ends; other people's text may stand in the values.
    mutating func open(_ name: String, _ values: [(name: String, value: String)]) {
        let attributes = values.map { " data-\($0.name)=\"\(MarkupText.xml($0.value))\"" }.joined()
        elements.append("<g class=\"\(name)\"\(attributes)>")
    }

    mutating func close() { elements.append("</g>") }

    /// `text` in lines of at most `width` pixels.
    static func lines(_ text: String, width: Int) -> [String] {
        StyledText(safe: Pen.safe(text, unicode: true), style: .plain).wrapped(to: max(1, width / column)).map(\.plain)
    }

    /// The text cut to `limit` columns.
    static func short(_ text: String, _ limit: Int) -> String {
        StyledText(safe: Pen.safe(text, unicode: true), style: .plain)
            .truncated(to: limit, mark: StyledText(safe: "…", style: .plain)).plain
    }

    private var size: String {
        "viewBox=\"0 0 \(width + 24) \(height + 20)\" width=\"\(width + 24)\" height=\"\(height + 20)\""
    }

    func render() -> String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" \(size) role="img">
        <title>\(MarkupText.xml(title))</title>
        <style>
        svg { max-width: 100%; height: auto; }
        \(Self.style)
        </style>
        <defs>\(Self.marker)</defs>
        <rect class="page" width="100%" height="100%"/>
        \(elements.joined(separator: "\n"))
        </svg>

        """
    }

    /// For a page that brings `style` and `marker` once for all of its drawings.
    func inPage() -> String {
        """
        <svg \(size) role="img" aria-label="\(MarkupText.xml(title))">
        \(elements.joined(separator: "\n"))
        </svg>
        """
    }

    static let marker = """
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" \
        markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0,0 L8,4 L0,8 z"/></marker>\
        <marker id="arrow-back" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" \
        markerUnits="userSpaceOnUse" orient="auto"><path class="head-back" d="M0,0 L8,4 L0,8 z"/></marker>
        """

    /// Colours that keep a contrast of 4.5 to 1 on their ground.
    private struct Palette {
        var ground: String
        var ink: String
        var dim: String
        var line: String
        var box: String
        var good: String
        var bad: String
        var caution: String
        var translation: String
        var way: String

        static let light = Palette(
            ground: "#ffffff", ink: "#1f2328", dim: "#656d76", line: "#8c959f", box: "#f6f8fa", good: "#1a7f37",
            bad: "#cf222e", caution: "#9a6700", translation: "#8250df", way: "#0969da")
        static let dark = Palette(
            ground: "#0d1117", ink: "#e6edf3", dim: "#8d96a0", line: "#6e7681", box: "#161b22", good: "#3fb950",
            bad: "#f85149", caution: "#d29922", translation: "#a371f7", way: "#4493f8")

        /// Written out for each palette: not every viewer of SVG knows CSS variables.
        var rules: String {
            """
            text { fill: \(ink); } text.dim { fill: \(dim); } text.good { fill: \(good); } text.bad { fill: \(bad); }
            text.caution { fill: \(caution); } text.translation { fill: \(translation); }
            rect.page { fill: \(ground); } rect.box { fill: \(box); stroke: \(line); }
            rect.ghost { fill: none; stroke: \(line); } rect.text { fill: \(ground); stroke: \(line); }
            rect.dim { fill: \(ground); stroke: \(dim); } rect.good { fill: \(ground); stroke: \(good); }
            rect.bad { fill: \(ground); stroke: \(bad); } rect.caution { fill: \(ground); stroke: \(caution); }
            rect.translation { fill: \(ground); stroke: \(translation); }
            line, polyline, path { stroke: \(way); } line.ghost, line.dim, line.rule { stroke: \(line); }
            path.dim, polyline.dim, polyline.ghost { stroke: \(line); }
            polyline.back, line.back { stroke: \(good); }
            path.head { fill: \(way); stroke: none; }
            path.head-back { fill: \(good); stroke: none; }
            """
        }
    }

    static let style = """
        text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; }
        text.name, text.good, text.bad { font-weight: bold; }
        rect.good, rect.bad, rect.translation { stroke-width: 2; }
        rect.ghost, line.ghost, polyline.ghost { stroke-dasharray: 4 4; } rect.caution { stroke-dasharray: 4 3; }
        rect.spot { fill: transparent; }
        polyline, path { fill: none; }
        line, polyline, path { stroke-width: 2; } line.tunnel, path.tunnel, polyline.tunnel { stroke-width: 5; }
        line.dim, path.dim, polyline.dim { stroke-width: 1.5; } line.rule { stroke-width: 1; }
        polyline.back { stroke-width: 1.5; stroke-dasharray: 6 4; }
        \(Palette.light.rules)
        @media (prefers-color-scheme: dark) {
        \(Palette.dark.rules)
        }
        """
}
