/// All entries of a picture as one graph, for programs that lay it out: each in a frame of its own where there are several.
struct PictureGraph {
    private let picture: Picture

    init(_ picture: Picture) {
        self.picture = picture
    }

    private var isSingle: Bool { picture.entries.count == 1 && picture.omitted == 0 }

    // MARK: Graphviz

    func dot() -> String {
        var lines = [
            "digraph walk {", "    rankdir=LR;", "    label=\"\(MarkupText.dot(title))\";", "    labelloc=t;",
            "    node [shape=box, style=rounded, fontname=monospace];", "    edge [fontname=monospace];",
        ]
        if let remark = picture.remark {
            lines.append("    more [label=\"\(MarkupText.dot(remark))\", shape=plaintext];")
        }
        for (index, entry) in picture.entries.enumerated() {
            if isSingle {
                WalkDOT(entry.drawing, prefix: "").draw(into: &lines)
                continue
            }
            let prefix = "w\(index + 1)"
            lines += ["    subgraph cluster_\(prefix) {", "        label=\"\(MarkupText.dot(entry.title))\";"]
            WalkDOT(entry.drawing, prefix: prefix).draw(into: &lines)
            lines.append("    }")
        }
        lines.append("}")
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Mermaid

    func mermaid() -> String {
        var lines = ["---", "title: \"\(yaml(title))\"", "---", isSingle ? "flowchart LR" : "flowchart TB"]
        if picture.entries.isEmpty { lines.append("    none[\"\(MarkupText.mermaid(picture.title))\"]") }
        if let remark = picture.remark { lines.append("    more[\"\(MarkupText.mermaid(remark))\"]") }
        for (index, entry) in picture.entries.enumerated() {
            if isSingle {
                WalkMermaid(entry.drawing, prefix: "").draw(into: &lines)
                continue
            }
            let prefix = "w\(index + 1)"
            lines += ["    subgraph \(prefix)[\"\(MarkupText.mermaid(entry.title))\"]", "    direction LR"]
            WalkMermaid(entry.drawing, prefix: prefix).draw(into: &lines)
            lines.append("    end")
        }
        lines += [
            "    classDef good stroke:#1a7f37,stroke-width:2px", "    classDef bad stroke:#cf222e,stroke-width:2px",
            "    classDef nat stroke:#8250df,stroke-width:2px", "    classDef missing stroke-dasharray:4 3",
        ]
        return lines.joined(separator: "\n") + "\n"
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
