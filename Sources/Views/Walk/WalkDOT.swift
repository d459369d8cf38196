/// A walk as a part of a Graphviz digraph: a cluster for each namespace.
struct WalkDOT {
    private let drawing: WalkDrawing
    /// Of every name, so that several walks share a graph.
    private let prefix: String

    init(_ drawing: WalkDrawing, prefix: String) {
        self.drawing = drawing
        self.prefix = prefix
    }

    func draw(into lines: inout [String]) {
        let ends = draw(drawing.layout, drawing.steps, prefix: prefix + "q", label: nil, into: &lines)
        if let answer = drawing.answer, let ends, ends.first != ends.last {
            lines.append(
                "    \(ends.last) -> \(ends.first) [style=dashed, constraint=false, label=\"\(MarkupText.dot(answer))\"];"
            )
        }
        if let layout = drawing.answerLayout, let steps = drawing.answerSteps {
            _ = draw(layout, steps, prefix: prefix + "a", label: "reply", into: &lines)
        }
    }

    private func draw(
        _ layout: PathLayout, _ steps: WalkSteps, prefix: String, label: String?, into lines: inout [String]
    ) -> (first: String, last: String)? {
        var edges: [String] = []
        var first: String?
        var last: String?
        var node = 0
        var wire: PathLayout.Wire?
        for (index, lane) in layout.lanes.enumerated() {
            let name = [label, lane.namespace].compactMap(\.self).joined(separator: ": ")
            lines.append("    subgraph cluster_\(prefix)\(index) {")
            lines.append("        label=\"\(MarkupText.dot(name))\";")
            for station in lane.stations {
                node += 1
                let id = "\(prefix)\(node)"
                let changes = steps.steps.filter { station.numbers.contains($0.number) && $0.kind == .translation }
                let text = ([station.text] + changes.flatMap(\.what).map(\.text)).map { MarkupText.dot($0) }
                lines.append("        \(id) [label=\"\(text.joined(separator: "\\n"))\"\(style(station.kind))];")
                if let last {
                    let look =
                        station.kind == .missing ? " [style=dotted]" : wire == .tunnel ? " [penwidth=3]" : ""
                    edges.append("    \(last) -> \(id)\(look);")
                }
                wire = nil
                first = first ?? id
                last = id
            }
            lines.append("    }")
            wire = lane.wire
        }
        if wire == .outside, let last {
            edges.append("    \(prefix)out [label=\"outside\", shape=plaintext];")
            edges.append("    \(last) -> \(prefix)out;")
        }
        lines += edges
        guard let first, let last else { return nil }
        return (first, last)
    }

    private func style(_ kind: WalkStep.Kind) -> String {
        switch kind {
        case .received: ", color=forestgreen"
        case .stop: ", color=crimson"
        case .translation: ", color=mediumorchid"
        case .missing: ", style=\"rounded,dashed\""
        case .route, .hook: ", color=gray50"
        case .sent, .device: ""
        }
    }
}
