/// A page that needs nothing but itself: its style and its script stand in it, named by their hashes in its security
/// policy, so that nothing else runs; no font, no picture, no byte comes from elsewhere.
struct HTMLPage {
    var title: String
    /// Of the heading: markup, made of escaped text; nil for the title as it is.
    var heading: String?
    /// Of the body, for the style.
    var kind = ""
    /// Below the heading, and always in view.
    var tools: [String] = []
    /// Markup, made of escaped text.
    var body: [String] = []

    init(title: String) {
        self.title = title
    }

    mutating func heading(_ text: String) { body.append("<h2>\(MarkupText.xml(text))</h2>") }

    mutating func table(heading: [String], rows: [[String]]) {
        body.append(Self.table(heading: heading, rows: rows.map { Row(cells: $0) }))
    }

    /// A row of a table, its cells markup already.
    struct Row {
        var cells: [String]
        /// For a script to find it by; other people's text may stand in the values.
        var values: [(name: String, value: String)] = []
    }

    static func table(heading: [String], rows: [Row]) -> String {
        var lines = ["<table>", "<tr>" + heading.map { "<th>\(MarkupText.xml($0))</th>" }.joined() + "</tr>"]
        lines += rows.map { row in
            let values = row.values.map { " data-\($0.name)=\"\(MarkupText.xml($0.value))\"" }.joined()
            return "<tr\(values)>" + row.cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        lines.append("</table>")
        return lines.joined(separator: "\n")
    }

    private static let style =
        "\n" + String(decoding: PackageResources.page_css, as: UTF8.self) + SVGDocument.style + "\n"
    private static let script = "\n" + String(decoding: PackageResources.page_js, as: UTF8.self)

    /// Nothing is loaded, sent or framed; only this style and this script count.
    static let policy = {
        func hash(_ text: String) -> String { "'sha256-\(base64(SHA256.digest(text.utf8)))'" }
        return "default-src 'none'; style-src \(hash(style)); script-src \(hash(script)); base-uri 'none'; "
            + "form-action 'none'"
    }()

    func render() -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta http-equiv="Content-Security-Policy" content="\(Self.policy)"/>
        <title>\(MarkupText.xml(title))</title>
        <style>\(Self.style)</style>
        </head>
        <body class="\(kind)">
        <svg class="defs" width="0" height="0" aria-hidden="true"><defs>\(SVGDocument.marker)</defs></svg>
        <header>
        <h1>\(heading ?? MarkupText.xml(title))</h1>
        \(tools.joined(separator: "\n"))
        </header>
        \(body.joined(separator: "\n"))
        <script>\(Self.script)</script>
        </body>
        </html>

        """
    }
}
