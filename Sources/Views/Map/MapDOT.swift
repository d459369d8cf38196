import Network

/// A map as a Graphviz graph: a cluster for each namespace.
struct MapDOT {
    private let graph: MapGraph

    init(_ topology: Topology, isPart: Bool = false) {
        graph = MapGraph(topology, isPart: isPart)
    }

    func render() -> String {
        var lines = ["graph map {", "    rankdir=LR;", "    node [shape=box, style=rounded, fontname=monospace];"]
        for group in graph.groups {
            lines += ["    subgraph cluster_\(group.id) {", "        label=\"\(text(group.label))\";"]
            if group.nodes.isEmpty { lines.append("        \(group.id)none [label=\"lo\"];") }
            for node in group.nodes {
                lines.append(
                    "        \(node.id) [label=\"\(text(node.label))\"\(node.isDown ? ", color=crimson" : "")];")
            }
            lines.append("    }")
        }
        for node in graph.others { lines.append("    \(node.id) [label=\"\(text(node.label))\", shape=plaintext];") }
        for edge in graph.edges {
            let style =
                switch edge.kind {
                case .wire: ""
                case .port: " [style=dashed]"
                case .tunnel: " [penwidth=3]"
                }
            lines.append("    \(edge.from) -- \(edge.to)\(style);")
        }
        lines.append("}")
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(_ label: [String]) -> String {
        label.map { MarkupText.dot($0) }.joined(separator: "\\n")
    }
}
