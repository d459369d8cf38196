/// A page that needs nothing but itself: no script, no font, no picture from elsewhere.
struct HTMLPage {
    var title: String
    /// Markup, made of escaped text.
    var body: [String] = []

    init(title: String) {
        self.title = title
    }

    mutating func heading(_ text: String) { body.append("<h2>\(MarkupText.xml(text))</h2>") }

    mutating func table(heading: [String], rows: [[String]]) {
        var lines = ["<table>", "<tr>" + heading.map { "<th>\(MarkupText.xml($0))</th>" }.joined() + "</tr>"]
        // The cells are markup already.
        lines += rows.map { row in "<tr>" + row.map { "<td>\($0)</td>" }.joined() + "</tr>" }
        lines.append("</table>")
        body.append(lines.joined(separator: "\n"))
    }

    func render() -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>\(MarkupText.xml(title))</title>
        <style>
        :root { color-scheme: light dark; }
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2em; max-width: 80em; }
        h1 { font-size: 1.3em; } h2 { font-size: 1.1em; margin-top: 1.6em; }
        .figure { overflow-x: auto; }
        table { border-collapse: collapse; font: 13px/1.5 ui-monospace, monospace; }
        th, td { text-align: left; vertical-align: top; padding: .15em 1.2em .15em 0; border-bottom: 1px solid #8884; }
        code, pre { font: 13px/1.5 ui-monospace, monospace; } .dim { opacity: .7; } pre { white-space: pre-wrap; }
        </style>
        </head>
        <body>
        <h1>\(MarkupText.xml(title))</h1>
        \(body.joined(separator: "\n"))
        </body>
        </html>

        """
    }
}
