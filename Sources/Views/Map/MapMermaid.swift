import Network

/// A map as a Mermaid flow chart: a subgraph for each namespace.
struct MapMermaid {
    private let graph: MapGraph

    init(_ topology: Topology, isPart: Bool = false) {
        graph = MapGraph(topology, isPart: isPart)
    }

    func render() -> String {
        var lines = ["flowchart LR"]
        for group in graph.groups {
            lines.append("    subgraph \(group.id)[\"\(text(group.label))\"]")
            if group.nodes.isEmpty { lines.append("        \(group.id)none[\"lo\"]") }
            for node in group.nodes {
                lines.append("        \(node.id)[\"\(text(node.label))\"]\(node.isDown ? ":::down" : "")")
            }
            lines.append("    end")
        }
        for node in graph.others { lines.append("    \(node.id)((\"\(text(node.label))\"))") }
        for edge in graph.edges {
            let line =
                switch edge.kind {
                case .wire: "---"
                case .port: "-.-"
                case .tunnel: "==="
                }
            lines.append("    \(edge.from) \(line) \(edge.to)")
        }
        lines.append("    classDef down stroke:#cf222e,stroke-width:2px")
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(_ label: [String]) -> String {
        label.map { MarkupText.mermaid($0) }.joined(separator: "<br>")
    }
}
