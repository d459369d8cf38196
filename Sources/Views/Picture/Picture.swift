public import Network
public import WalkModel

/// Gathers connections and packets, and draws them all in one document of a graphic format: an SVG image, an HTML page, one
/// Mermaid chart or one DOT graph. With nothing gathered the document is a valid, empty one.
///
/// ```swift
/// var picture = Picture(format: .svg)
/// picture.add(request, reply: reply, topology: topology)
/// print(picture.render(), terminator: "")
/// ```
public struct Picture: Sendable {
    /// More than this many are counted, and not drawn.
    public static let limit = 500

    public let format: OutputFormat
    public var options: RenderOptions
    /// Whether namespaces are called with their host: `alpha/web`.
    public var namesHosts = false
    /// What was added beyond `limit`.
    public private(set) var omitted = 0

    private(set) var entries: [PictureEntry] = []
    /// The newest network of each host, by the host's name.
    private(set) var topologies: [String: Topology] = [:]
    private var connections = 0
    private var failures = 0

    public init(format: OutputFormat, options: RenderOptions = RenderOptions()) {
        self.format = format
        self.options = options
    }

    public mutating func add(_ request: Walk, reply: Walk? = nil, topology: Topology?) {
        guard hasRoom(for: Exchange(request: request, reply: reply).hasFailed) else { return }
        let named = namesHosts ? request.withHostNames : request
        let topology = keep(topology, of: request.host)
        var drawing = WalkDrawing(
            named, reply: namesHosts ? reply?.withHostNames : reply, topology: topology, verbosity: options.verbosity)
        // A reply that did not arrive has causes of its own.
        let findings = FindingText(pen)
        let lines = findings.lines(named) + (reply.map { findings.lines($0) } ?? [])
        drawing.causes = lines.rendered(color: false)
        entries.append(PictureEntry(drawing: drawing, time: time(request.startNanoseconds)))
    }

    public mutating func add(_ connection: Connection, topology: Topology?) {
        // Of a single packet its steps say all.
        let isPacket = connection.exchanges == 1 && connection.kind != .tcp && connection.lookups.isEmpty
        connections += 1
        if isPacket {
            return add(connection.example.request, reply: connection.example.reply, topology: topology)
        }
        guard hasRoom(for: connection.hasFailed) else { return }
        let named = namesHosts ? connection.withHostNames : connection
        let topology = keep(topology, of: connection.host)
        let text = ConnectionText(pen.options, topology: topology)
        var drawing = WalkDrawing(
            named.example.request, reply: named.example.reply, topology: topology, verbosity: options.verbosity)
        drawing.headline.replace(by: ConnectionHeadline(named))
        drawing.findings = named.causes.map(\.finding)
        let details = FindingText(pen).details(drawing.findings)
        drawing.causes = (text.causes(named) + details).rendered(color: false)
        var entry = PictureEntry(drawing: drawing, time: time(connection.startNanoseconds))
        entry.figures = Array(text.figures(named).dropFirst()).rendered(color: false)
        entries.append(entry)
    }

    /// The whole document, ended by a newline.
    public func render() -> String {
        switch format {
        case .svg: PictureSVG(self).document().render()
        case .html: PicturePage(self).render()
        case .dot: PictureGraph(self).dot()
        case .mermaid: PictureGraph(self).mermaid()
        case .text, .json, .otlp: ""
        }
    }

    /// `3 connections, 1 failed`; of one its headline.
    var title: String {
        if entries.count == 1, omitted == 0 { return entries[0].title }
        let count = entries.count + omitted
        if count == 0 { return "nothing to show" }
        let noun = Quantity.text(count, connections == count ? "connection" : "packet")
        return "\(noun), \(failures == 0 ? "none failed" : "\(failures) failed")"
    }

    /// What stands below where not all are drawn; nil where they are.
    var remark: String? {
        omitted == 0 ? nil : "\(omitted) more not drawn: a picture holds \(Self.limit); choose with --where or --failed"
    }

    private var pen: Pen {
        var options = options
        options.width = 120
        options.unicode = true
        return Pen(options)
    }

    private func time(_ nanoseconds: Int64) -> String {
        TimeText(style: options.time ?? .clock, origin: options.timeOrigin).text(nanoseconds)
    }

    private mutating func hasRoom(for failed: Bool) -> Bool {
        failures += failed ? 1 : 0
        if entries.count < Self.limit { return true }
        omitted += 1
        return false
    }

    private mutating func keep(_ topology: Topology?, of host: String?) -> Topology? {
        guard let topology else { return nil }
        let named = namesHosts ? topology.withHostNames(host) : topology
        topologies[host ?? ""] = named
        return named
    }
}

/// One connection, or one packet with its reply, in a document.
struct PictureEntry: Sendable {
    var drawing: WalkDrawing
    /// When it began; empty where no time is shown.
    var time: String
    /// What is counted and measured of a connection, as lines of text.
    var figures = ""

    /// `✘ dropped: ping web → 198.51.100.1`
    var title: String { "\(drawing.headline.mark.sign) \(drawing.outcome): \(drawing.title)" }
}

extension WalkHeadline {
    fileprivate mutating func replace(by headline: ConnectionHeadline) {
        mark = headline.mark
        outcome = headline.outcome
        subject = headline.subject
        remark = headline.remark
        detail = nil
    }
}
