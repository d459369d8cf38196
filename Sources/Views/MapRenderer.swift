public import Network

/// Draws a topology in one of the formats.
public struct MapRenderer: Sendable {
    public var format: OutputFormat
    public var options: RenderOptions
    /// Whether the topology is a part of the network that was asked for: what leads out of it is not drawn.
    public var isPart = false

    public init(format: OutputFormat, options: RenderOptions = RenderOptions()) {
        self.format = format
        self.options = options
    }

    /// The whole text, ended by a newline.
    public func render(_ topology: Topology) throws -> String {
        switch format {
        case .text: MapText(options).render(topology, isPart: isPart)
        case .mermaid: MapMermaid(topology, isPart: isPart).render()
        case .dot: MapDOT(topology, isPart: isPart).render()
        case .svg: MapSVG(MapLayout(topology, verbosity: options.verbosity, isPart: isPart)).document().render()
        case .html: MapHTML(topology, verbosity: options.verbosity, isPart: isPart).render()
        // Spans are of packets, of which a map has none.
        case .json, .otlp: try TopologyJSON.document(topology) + "\n"
        }
    }

    /// Who takes packets where, and under which ports that is published: text alone.
    public func renderPorts(_ topology: Topology) -> String { MapPorts(topology).table.render(options) }
}
