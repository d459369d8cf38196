public import Network

/// Draws a topology in one of the formats.
public struct MapRenderer: Sendable {
    public var format: OutputFormat
    public var options: RenderOptions

    public init(format: OutputFormat, options: RenderOptions = RenderOptions()) {
        self.format = format
        self.options = options
    }

    /// The whole text, ended by a newline.
    public func render(_ topology: Topology) throws -> String {
        switch format {
        case .text: MapText(options).render(topology)
        case .mermaid: MapMermaid(topology).render()
        case .dot: MapDOT(topology).render()
        case .svg: MapSVG(MapLayout(topology, verbosity: options.verbosity)).document().render()
        case .html: MapHTML(topology, verbosity: options.verbosity).render()
        case .json: try TopologyJSON.document(topology) + "\n"
        }
    }
}
