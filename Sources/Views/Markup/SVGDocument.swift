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

    func render() -> String {
        let size = "viewBox=\"0 0 \(width + 24) \(height + 20)\" width=\"\(width + 24)\" height=\"\(height + 20)\""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" \(size) role="img">
            <title>\(MarkupText.xml(title))</title>
            <style>
            \(Self.style)
            </style>
            <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
            <path class="head" d="M0,0 L8,4 L0,8 z"/></marker></defs>
            <rect class="page" width="100%" height="100%"/>
            \(elements.joined(separator: "\n"))
            </svg>

            """
    }

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
            line { stroke: \(way); } line.ghost, line.dim { stroke: \(line); } line.back { stroke: \(good); }
            path.head { fill: \(way); }
            """
        }
    }

    private static let style = """
        svg { max-width: 100%; height: auto; }
        text { font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre; }
        text.name, text.good, text.bad { font-weight: bold; }
        rect.good, rect.bad, rect.translation { stroke-width: 2; }
        rect.ghost, line.ghost { stroke-dasharray: 4 4; } rect.caution { stroke-dasharray: 4 3; }
        line { stroke-width: 2; } line.tunnel { stroke-width: 5; } line.dim { stroke-width: 1.5; }
        line.back { stroke-width: 1.5; stroke-dasharray: 6 4; }
        \(Palette.light.rules)
        @media (prefers-color-scheme: dark) {
        \(Palette.dark.rules)
        }
        """
}
