/// Other people's text made safe for the formats that are not terminals.
enum MarkupText {
    /// For XML and HTML, in text and in quoted attributes.
    static func xml(_ text: some StringProtocol) -> String {
        replaced(text) { character in
            switch character {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            case "'": "&#39;"
            default: nil
            }
        }
    }

    /// For a quoted Mermaid label: its own entity codes (`#quot;`) instead of anything that it would read as syntax.
    static func mermaid(_ text: some StringProtocol) -> String {
        replaced(text) { character in
            switch character {
            case "\"": "#quot;"
            case "#": "#35;"
            case "&": "#amp;"
            case "<": "#lt;"
            case ">": "#gt;"
            case "`": "#96;"
            case "\\": "#92;"
            case ";": "#59;"
            default: nil
            }
        }
    }

    /// For a quoted DOT string.
    static func dot(_ text: some StringProtocol) -> String {
        replaced(text) { character in
            switch character {
            case "\"": "\\\""
            case "\\": "\\\\"
            default: nil
            }
        }
    }

    private static func replaced(_ text: some StringProtocol, _ form: (Unicode.Scalar) -> String?) -> String {
        var result = ""
        for scalar in Pen.safe(text, unicode: true).unicodeScalars {
            if let form = form(scalar) { result += form } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }
}
