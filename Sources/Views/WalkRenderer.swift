public import Topology
public import Walks

/// What `--format` takes.
public enum OutputFormat: String, Sendable, CaseIterable {
    case text
    case json
}

/// Draws walks and exchanges in one of the formats.
///
/// ```swift
/// let renderer = WalkRenderer(format: .text, options: options, topology: topology)
/// print(try renderer.render(request, reply: reply), terminator: "")
/// ```
public struct WalkRenderer: Sendable {
    public var format: OutputFormat
    public var options: RenderOptions
    /// Adds what a device is; nil where it is not known.
    public var topology: Topology?

    public init(format: OutputFormat, options: RenderOptions = RenderOptions(), topology: Topology? = nil) {
        self.format = format
        self.options = options
        self.topology = topology
    }

    /// The whole text, ended by a newline. In JSON a reply is a line of its own.
    public func render(_ request: Walk, reply: Walk? = nil) throws -> String {
        switch format {
        case .text:
            if options.verbosity == .quiet { return WalkLine(options).render(request, reply: reply) }
            return WalkText(options, topology: topology).render(request, reply: reply)
        case .json:
            let lines = try [request, reply].compactMap(\.self).map(WalkJSON.line)
            return lines.joined(separator: "\n") + "\n"
        }
    }
}
