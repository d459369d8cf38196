import WalkModel

/// Writes text that is safe on a terminal: the only maker of `StyledText`.
///
/// Names, rule comments and packet contents are other people's bytes. Every piece of text passes through here, where
/// control characters become visible escapes (`\u{1b}`) and, for terminals without Unicode, our own signs their ASCII
/// form. So nothing that is drawn can skip it.
struct Pen: Sendable {
    var options: RenderOptions

    init(_ options: RenderOptions) {
        self.options = options
    }

    func callAsFunction(_ text: some StringProtocol, _ style: TextStyle = .plain) -> StyledText {
        StyledText(safe: Self.safe(text, unicode: options.unicode), style: style)
    }

    /// Text without control characters, and in ASCII without any other character either.
    static func safe(_ text: some StringProtocol, unicode: Bool) -> String {
        if text.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) { return String(text) }
        var result = ""
        result.reserveCapacity(text.utf8.count + 8)
        for scalar in text.unicodeScalars {
            if scalar.isASCII, scalar.value >= 0x20, scalar.value != 0x7f {
                result.unicodeScalars.append(scalar)
            } else if scalar == "\n" {
                result += "\\n"
            } else if scalar == "\t" {
                result += "\\t"
            } else if !unicode, let form = asciiForms[scalar] {
                result += form
            } else if scalar.isUnsafe || !unicode {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The ASCII forms of the signs that the renderings use.
    private static let asciiForms: [Unicode.Scalar: String] = [
        "─": "-", "│": "|", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "┬": "+", "┴": "+", "┼": "+",
        "═": "=", "┄": ".", "┆": ":", "▸": ">", "╴": "-", "→": "->", "⇒": "=>", "←": "<-", "↷": "~", "↳": "`-",
        "↗": ">>", "✔": "ok", "✘": "X", "●": "*", "…": "...", "·": "-", "µ": "u", "≈": "~", "×": "x", "—": "--",
        "–": "-", "⑂": "Y", "▲": "^", "▼": "v", "∙": ".",
    ]
}
