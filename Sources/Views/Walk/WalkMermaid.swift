/// A walk as a part of a Mermaid flow chart: for a page or a ticket that draws it.
struct WalkMermaid {
    private let drawing: WalkDrawing
    /// Of every name, so that several walks share a chart.
    private let prefix: String

    init(_ drawing: WalkDrawing, prefix: String) {
        self.drawing = drawing
        self.prefix = prefix
    }

    func draw(into lines: inout [String]) {
        let ends = draw(drawing.layout, drawing.steps, prefix: prefix + "q", label: nil, into: &lines)
        if let answer = drawing.answer, let ends, ends.first != ends.last {
            lines.append("    \(ends.last) -. \"\(MarkupText.mermaid(answer))\" .-> \(ends.first)")
        }
        if let layout = drawing.answerLayout, let steps = drawing.answerSteps {
            _ = draw(layout, steps, prefix: prefix + "a", label: "reply", into: &lines)
        }
    }

    private func draw(
        _ layout: PathLayout, _ steps: WalkSteps, prefix: String, label: String?, into lines: inout [String]
    ) -> (first: String, last: String)? {
        var last: String?
        var first: String?
        var node = 0
        var edges: [String] = []
        var wire: PathLayout.Wire?
        for (index, lane) in layout.lanes.enumerated() {
            let name = [label, lane.namespace].compactMap(\.self).joined(separator: ": ")
            lines.append("    subgraph \(prefix)s\(index)[\"\(MarkupText.mermaid(name))\"]")
            for station in lane.stations {
                node += 1
                let id = "\(prefix)\(node)"
                let notes = station.numbers.flatMap { number in
                    steps.steps.filter { $0.number == number && $0.kind == .translation }.flatMap(\.what)
                }
                let text = ([station.text] + notes.map(\.text)).map { MarkupText.mermaid($0) }.joined(
                    separator: "<br>")
                lines.append("        \(id)[\"\(text)\"]\(style(station.kind))")
                if let last {
                    edges.append("    \(last) \(arrow(wire, to: station.kind)) \(id)")
                }
                wire = nil
                first = first ?? id
                last = id
            }
            lines.append("    end")
            wire = lane.wire
        }
        if wire == .outside, let last { edges.append("    \(last) --> \(prefix)out((\"outside\"))") }
        lines += edges
        guard let first, let last else { return nil }
        return (first, last)
    }

    private func arrow(_ wire: PathLayout.Wire?, to kind: WalkStep.Kind) -> String {
        if kind == .missing { return "-.-x" }
        return wire == .tunnel ? "==>" : "-->"
    }

    private func style(_ kind: WalkStep.Kind) -> String {
        switch kind {
        case .received: ":::good"
        case .stop: ":::bad"
        case .translation: ":::nat"
        case .missing: ":::missing"
        case .sent, .device, .route, .hook: ""
        }
    }
}
