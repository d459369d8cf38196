public import Network
public import WalkModel

/// Draws connections in one of the formats.
public struct ConnectionRenderer: Sendable {
    public var format: OutputFormat
    public var options: RenderOptions
    /// Adds what a device is; nil where it is not known.
    public var topology: Topology?
    /// Whether namespaces are called with their host: `alpha/web`.
    public var namesHosts = false

    public init(format: OutputFormat, options: RenderOptions = RenderOptions(), topology: Topology? = nil) {
        self.format = format
        self.options = options
        self.topology = topology
    }

    /// The whole entry, ended by a newline. Graphic formats draw the exchange that shows best how it went, as a whole
    /// document: `Picture` draws several in one.
    ///
    /// - Parameter isUnderWay: whether more of it is expected.
    public func render(_ connection: Connection, isUnderWay: Bool = false) throws -> String {
        if namesHosts, !format.isForPrograms {
            var renderer = self
            renderer.namesHosts = false
            renderer.topology = topology?.withHostNames(connection.host)
            return try renderer.render(connection.withHostNames, isUnderWay: isUnderWay)
        }
        switch format {
        case .json: return ConnectionJSON.line(connection) + "\n"
        case .otlp: return SpanJSON.line(connection) + "\n"
        case .text:
            let text = ConnectionText(options, topology: topology)
            if options.verbosity == .quiet { return text.line(connection, note: isUnderWay ? "goes on" : nil) }
            // Of a single packet its steps say all.
            if connection.exchanges == 1, connection.kind != .tcp, connection.lookups.isEmpty { break }
            return text.render(connection, isUnderWay: isUnderWay)
        case .mermaid, .dot, .svg, .html:
            var picture = Picture(format: format, options: options)
            picture.add(connection, topology: topology)
            return picture.render()
        }
        let example = connection.example
        return try WalkRenderer(format: format, options: options, topology: topology)
            .render(example.request, reply: example.reply)
    }

    /// One line, ended by a newline; text alone.
    ///
    /// - Parameter note: what is said of it at its end: `path as above`.
    public func line(_ connection: Connection, note: String?) -> String {
        let named = namesHosts ? connection.withHostNames : connection
        return ConnectionText(options, topology: topology).line(named, note: note)
    }
}

extension Connection {
    /// The connection with every namespace called as people do where there are several hosts: `alpha/web`.
    var withHostNames: Connection {
        var result = self
        result.example.request = example.request.withHostNames
        result.example.reply = example.reply?.withHostNames
        guard let host else { return result }
        if let name = client.namespace { result.client.namespace = "\(host)/\(name)" }
        if let name = server.namespace { result.server.namespace = "\(host)/\(name)" }
        for index in causes.indices {
            if let name = causes[index].finding.where.namespace {
                result.causes[index].finding.where.namespace = "\(host)/\(name)"
            }
        }
        for index in translations.indices {
            result.translations[index].namespace = "\(host)/\(translations[index].namespace)"
        }
        return result
    }
}
