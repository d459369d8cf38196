public import Network
public import WalkModel

/// What `--format` takes.
public enum OutputFormat: String, Sendable, CaseIterable {
    case text
    case json
    /// Spans of OpenTelemetry, a line of OTLP's JSON for each packet and connection.
    case otlp
    case mermaid
    case dot
    case svg
    case html

    /// Whether all that is shown is one document, which is written when the run has ended.
    public var isPicture: Bool {
        switch self {
        case .text, .json, .otlp: false
        case .mermaid, .dot, .svg, .html: true
        }
    }

    /// Whether other programs read each packet as it ends, beside what it is a part of.
    public var isForPrograms: Bool { self == .json || self == .otlp }
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
    /// Whether namespaces are called with their host: `alpha/web`. JSON names the host beside them anyway.
    public var namesHosts = false
    /// Of the connection that the packets belong to, as `Connection.trace`; spans alone heed it.
    public var trace: String?

    public init(format: OutputFormat, options: RenderOptions = RenderOptions(), topology: Topology? = nil) {
        self.format = format
        self.options = options
        self.topology = topology
    }

    /// The whole text, ended by a newline. In JSON a reply is a line of its own. In graphic formats a whole document:
    /// `Picture` draws several walks in one.
    public func render(_ request: Walk, reply: Walk? = nil) throws -> String {
        if namesHosts, !format.isForPrograms {
            var renderer = self
            renderer.namesHosts = false
            renderer.topology = topology?.withHostNames(request.host)
            return try renderer.render(request.withHostNames, reply: reply?.withHostNames)
        }
        switch format {
        case .text:
            if options.verbosity == .quiet { return WalkLine(options).render(request, reply: reply) }
            return WalkText(options, topology: topology).render(request, reply: reply)
        case .json:
            let lines = [request, reply].compactMap(\.self).map(WalkJSON.line)
            return lines.joined(separator: "\n") + "\n"
        case .otlp: return SpanJSON.line(Exchange(request: request, reply: reply), in: trace) + "\n"
        case .mermaid, .dot, .svg, .html:
            var picture = Picture(format: format, options: options)
            picture.add(request, reply: reply, topology: topology)
            return picture.render()
        }
    }

    /// The line, ended by a newline, of an exchange that failed as one shown before it did (`WalkRepeats`); text alone.
    public func render(again request: Walk, reply: Walk?, after nanoseconds: Int64) -> String {
        namesHosts
            ? WalkText(options, topology: topology?.withHostNames(request.host))
                .render(again: request.withHostNames, reply: reply?.withHostNames, after: nanoseconds)
            : WalkText(options, topology: topology).render(again: request, reply: reply, after: nanoseconds)
    }
}
