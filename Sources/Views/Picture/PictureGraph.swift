/// All entries of a picture as one graph, for programs that lay it out: each in a frame of its own where there are several.
struct PictureGraph {
    private let picture: Picture

    init(_ picture: Picture) {
        self.picture = picture
    }

    private var isSingle: Bool { picture.entries.count == 1 && picture.omitted == 0 }

    /// A language for graphs: how it writes what every picture has.
    private struct Language {
        /// A node with a remark.
        var remark: (String) -> String
        /// The frame of one entry, by its name in the graph and its title.
        var frame: (String, String) -> [String]
        var frameEnd: String
        /// An entry, with a prefix for its names.
        var draw: (WalkDrawing, String, inout [String]) -> Void
    }

    func dot() -> String {
        let language = Language(
            remark: { "    more [label=\"\(MarkupText.dot($0))\", shape=plaintext];" },
            frame: { ["    subgraph cluster_\($0) {", "        label=\"\(MarkupText.dot($1))\";"] },
            frameEnd: "    }",
            draw: { WalkDOT($0, prefix: $1).draw(into: &$2) })
        return text(
            language,
            head: [
                "digraph walk {", "    rankdir=LR;", "    label=\"\(MarkupText.dot(title))\";", "    labelloc=t;",
                "    node [shape=box, style=rounded, fontname=monospace];", "    edge [fontname=monospace];",
            ], foot: ["}"])
    }

    func mermaid() -> String {
        let language = Language(
            remark: { "    more[\"\(MarkupText.mermaid($0))\"]" },
            frame: { ["    subgraph \($0)[\"\(MarkupText.mermaid($1))\"]", "    direction LR"] },
            frameEnd: "    end",
            draw: { WalkMermaid($0, prefix: $1).draw(into: &$2) })
        let none = picture.entries.isEmpty ? ["    none[\"\(MarkupText.mermaid(picture.title))\"]"] : []
        return text(
            language,
            head: ["---", "title: \"\(yaml(title))\"", "---", isSingle ? "flowchart LR" : "flowchart TB"] + none,
            foot: [
                "    classDef good stroke:#1a7f37,stroke-width:2px", "    classDef bad stroke:#cf222e,stroke-width:2px",
                "    classDef nat stroke:#8250df,stroke-width:2px", "    classDef missing stroke-dasharray:4 3",
            ])
    }

    private func text(_ language: Language, head: [String], foot: [String]) -> String {
        var lines = head
        if let remark = picture.remark { lines.append(language.remark(remark)) }
        for (index, entry) in picture.entries.enumerated() {
            if isSingle {
                language.draw(entry.drawing, "", &lines)
                continue
            }
            let prefix = "w\(index + 1)"
            lines += language.frame(prefix, entry.title)
            language.draw(entry.drawing, prefix, &lines)
            lines.append(language.frameEnd)
        }
        return (lines + foot).joined(separator: "\n") + "\n"
    }

    private var title: String {
        guard isSingle, let drawing = picture.entries.first?.drawing else { return picture.title }
        return "\(drawing.title): \(drawing.outcome)"
    }

    /// The title stands in YAML, where Mermaid's entities mean nothing.
    private func yaml(_ title: String) -> String {
        var text = ""
        for scalar in Pen.safe(title, unicode: true).unicodeScalars {
            switch scalar {
            case "\"", "\\", "<", ">": continue
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
