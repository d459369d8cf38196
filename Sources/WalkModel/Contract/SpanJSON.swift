internal import Network
internal import Observations
internal import Wire

/// Walks and connections as spans of OpenTelemetry: each line is a `TracesData` of OTLP in its JSON encoding, as the
/// collector's file exporter writes it and its receivers read it.
///
/// A packet is a span, and each of its hops a span within it, from that sighting to the next. A reply lies within the packet
/// that it answers. Where packets belong to a connection that is told as well, its span holds theirs; it comes last, when
/// its duration is known. Ids are those of walks, or derived from them: the same walk gives the same bytes.
public enum SpanJSON {
    /// The spans of a packet and its reply, without a newline at the end.
    ///
    /// - Parameter trace: of the connection that they belong to; nil for a trace of their own.
    public static func line(_ exchange: Exchange, in trace: String? = nil) -> String {
        let request = exchange.request
        let name = traceID(trace ?? request.answers ?? request.id)
        let root = trace.map { spanID("connection", $0, request.host) }
        let own = spanID(of: request)
        var writer = WalkJSONWriter()
        writer.begin(host: request.host)
        writer.packet(request, SpanNames(trace: name, id: own, parent: root), isFirst: true)
        if let reply = exchange.reply {
            writer.packet(reply, SpanNames(trace: name, id: spanID(of: reply), parent: own), isFirst: false)
        }
        writer.text("]}]}]}")
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// The span of a connection, without a newline at the end.
    public static func line(_ connection: Connection) -> String {
        let trace = connection.trace
        let names = SpanNames(
            trace: traceID(trace), id: spanID("connection", trace, connection.host), parent: nil)
        var writer = WalkJSONWriter()
        writer.begin(host: connection.host)
        writer.span(connection, names)
        writer.text("]}]}]}")
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// 32 hex digits that are not all zero, as an id of a walk is.
    private static func traceID(_ id: String) -> String {
        let isValid = id.utf8.count == 32 && id.utf8.contains { $0 != 0x30 } && id.allSatisfy(\.isHexDigit)
        return isValid ? id.lowercased() : spanID("trace", id, nil) + spanID("trace again", id, nil)
    }

    static func spanID(of walk: Walk, hop: Int? = nil) -> String {
        spanID("\(walk.startNanoseconds) \(hop.map(String.init) ?? "packet")", walk.id, walk.host)
    }

    /// 16 hex digits that are not all zero.
    private static func spanID(_ kind: String, _ id: String, _ host: String?) -> String {
        var hash = SipHash(key: (0x7061_636b_6574_7761, 0x6c6b_2073_7061_6e73))
        var word: UInt64 = 0
        var count: UInt64 = 0
        for byte in "\(kind)\u{0}\(id)\u{0}\(host ?? "")".utf8 {
            word |= UInt64(byte) << (8 * (count % 8))
            count += 1
            if count % 8 == 0 {
                hash.mix(word)
                word = 0
            }
        }
        let digits = String(max(1, hash.finished(last: word, lastCount: count % 8)), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// Where a span stands.
struct SpanNames {
    var trace: String
    var id: String
    var parent: String?
}

/// A value of an attribute. Integers are 64 bits wide, which JSON writes as text.
enum SpanValue {
    case text(String)
    case number(Int64)
    case texts([String])
}

extension WalkJSONWriter {
    fileprivate mutating func begin(host: String?) {
        text(#"{"resourceSpans":[{"resource":{"attributes":["#)
        attribute("service.name", .text("packetwalk"), isFirst: true)
        if let host { attribute("host.name", .text(host)) }
        text(#"]},"scopeSpans":[{"scope":{"name":"packetwalk"},"spans":["#)
    }

    // MARK: Packets

    /// The span of a packet, and those of its hops.
    fileprivate mutating func packet(_ walk: Walk, _ names: SpanNames, isFirst: Bool) {
        if !isFirst { text(",") }
        open("packet \(walk.protocol)", names, from: walk.startNanoseconds, to: walk.endNanoseconds)
        attribute("packetwalk.kind", .text(walk.answers == nil ? "packet" : "reply"), isFirst: true)
        addresses(walk)
        attribute("packetwalk.protocol", .text(walk.protocol))
        attribute("packetwalk.walk", .text(walk.id))
        attribute("packetwalk.summary", .text(walk.summary))
        attribute("packetwalk.outcome", .text(walk.outcome.rawValue))
        if let edge = walk.cutOff { attribute("packetwalk.cut_off", .text(edge.rawValue)) }
        if let oneOf = walk.sampledOneOf { attribute("packetwalk.sampled_one_of", .number(Int64(oneOf))) }
        if let stop = walk.stoppedAt { attributes(of: stop) }
        close(walk.findings, at: walk.endNanoseconds, isError: walk.hasStopped, or: walk.outcome.rawValue)
        for hop in walk.hops { self.hop(hop, of: walk, names) }
    }

    private mutating func addresses(_ walk: Walk) {
        ends(walk.source, walk.sourcePort, walk.destination, walk.destinationPort)
        attribute("network.type", .text(walk.destination.isIPv4 ? "ipv4" : "ipv6"))
        if walk.kind.ipProtocol == .tcp || walk.kind.ipProtocol == .udp {
            attribute("network.transport", .text(walk.protocol))
        }
    }

    private mutating func ends(
        _ source: IPAddress, _ sourcePort: UInt16?, _ destination: IPAddress, _ destinationPort: UInt16?
    ) {
        attribute("source.address", .text(source.description))
        if let sourcePort { attribute("source.port", .number(Int64(sourcePort))) }
        attribute("destination.address", .text(destination.description))
        if let destinationPort { attribute("destination.port", .number(Int64(destinationPort))) }
    }

    private mutating func attributes(of stop: Stop) {
        if let namespace = stop.namespace { attribute("packetwalk.stopped_at.namespace", .text(namespace)) }
        if let device = stop.device { attribute("packetwalk.stopped_at.device", .text(device)) }
        if let hook = stop.hook { attribute("packetwalk.stopped_at.hook", .text(hook.rawValue)) }
        if let reason = stop.reason { attribute("packetwalk.stopped_at.reason", .text(reason)) }
        if let location = stop.location { attribute("packetwalk.stopped_at.location", .text(location)) }
        if let rule = stop.rule?.text { attribute("packetwalk.stopped_at.rule", .text(rule)) }
    }

    /// From its sighting to the last of those that follow it.
    private mutating func hop(_ hop: Hop, of walk: Walk, _ packet: SpanNames) {
        let next = walk.hops.lazy.filter { $0.parent == hop.index }.map(\.offsetNanoseconds).max()
        let place = [
            hop.namespace, hop.device, hop.hook?.rawValue, hop.vantage == .link ? hop.direction?.rawValue : nil,
        ]
        .compactMap(\.self)
        let words = place + (hop.vantage == .link || hop.vantage == .netfilter ? [] : [hop.vantage.rawValue])
        let names = SpanNames(
            trace: packet.trace, id: SpanJSON.spanID(of: walk, hop: hop.index), parent: packet.id)
        let start = walk.startNanoseconds &+ hop.offsetNanoseconds
        text(",")
        open(
            words.joined(separator: " "), names, from: start,
            to: max(start, walk.startNanoseconds &+ (next ?? hop.offsetNanoseconds)))
        attribute("packetwalk.kind", .text("hop"), isFirst: true)
        attribute("packetwalk.hop", .number(Int64(hop.index)))
        if let parent = hop.parent { attribute("packetwalk.hop.parent", .number(Int64(parent))) }
        attribute("packetwalk.namespace", .text(hop.namespace))
        attribute("packetwalk.vantage", .text(hop.vantage.rawValue))
        if let device = hop.device { attribute("network.interface.name", .text(device)) }
        if let direction = hop.direction {
            attribute("network.io.direction", .text(direction == .in ? "receive" : "transmit"))
        }
        if let hook = hop.hook { attribute("packetwalk.hook", .text(hook.rawValue)) }
        if let stage = hop.stage { attribute("packetwalk.stage", .text(stage.rawValue)) }
        ends(hop.packet.source, hop.packet.sourcePort, hop.packet.destination, hop.packet.destinationPort)
        if !hop.changes.isEmpty { attribute("packetwalk.changes", .texts(hop.changes.map(Self.words))) }
        let rules = hop.rules.compactMap(\.text)
        if !rules.isEmpty { attribute("packetwalk.rules", .texts(rules)) }
        attribute("packetwalk.confidence", .text(hop.confidence.rawValue))
        close([], at: start, isError: false, or: "")
    }

    private static func words(_ change: FieldChange) -> String {
        let texts = change.texts
        return "\(change.field.rawValue) \(texts.from ?? "none") -> \(texts.to ?? "none")"
    }

    // MARK: Connections

    fileprivate mutating func span(_ connection: Connection, _ names: SpanNames) {
        open(
            "connection \(connection.protocol)", names, from: connection.startNanoseconds,
            to: connection.endNanoseconds)
        attribute("packetwalk.kind", .text("connection"), isFirst: true)
        for (name, end) in [("client", connection.client), ("server", connection.server)] {
            attribute("\(name).address", .text(end.address.description))
            if let port = end.port { attribute("\(name).port", .number(Int64(port))) }
            if let namespace = end.namespace { attribute("packetwalk.\(name).namespace", .text(namespace)) }
        }
        attribute("network.type", .text(connection.server.address.isIPv4 ? "ipv4" : "ipv6"))
        if connection.kind == .tcp || connection.kind == .udp {
            attribute("network.transport", .text(connection.protocol))
        }
        attribute("packetwalk.protocol", .text(connection.protocol))
        attribute("packetwalk.outcome", .text(connection.outcome.rawValue))
        attribute("packetwalk.ending", .text(connection.ending.rawValue))
        for (name, traffic) in [("sent", connection.sent), ("received", connection.received)] {
            attribute("packetwalk.\(name).packets", .number(Int64(clamping: traffic.packets)))
            attribute("packetwalk.\(name).bytes", .number(Int64(clamping: traffic.bytes)))
            attribute("packetwalk.\(name).retransmitted", .number(Int64(clamping: traffic.retransmitted)))
        }
        if let handshake = connection.handshakeNanoseconds {
            attribute("packetwalk.handshake_ns", .number(handshake))
        }
        if let times = connection.roundTrip {
            attribute("packetwalk.round_trip_ns", .number(times.averageNanoseconds))
        }
        if let oneOf = connection.sampledOneOf { attribute("packetwalk.sampled_one_of", .number(Int64(oneOf))) }
        let lookups = connection.lookups.compactMap(\.question.name)
        if !lookups.isEmpty { attribute("packetwalk.lookups", .texts(lookups)) }
        close(
            connection.causes.map(\.finding), at: connection.endNanoseconds, isError: connection.hasFailed,
            or: connection.outcome.rawValue)
    }

    // MARK: What every span has

    /// Up to its attributes.
    private mutating func open(_ name: String, _ names: SpanNames, from start: Int64, to end: Int64) {
        text(#"{"traceId":"#)
        string(names.trace)
        field("spanId", names.id)
        if let parent = names.parent { field("parentSpanId", parent) }
        field("name", name)
        // SPAN_KIND_INTERNAL: nothing is called from here.
        field("kind", 1)
        field("startTimeUnixNano", "\(max(0, start))")
        field("endTimeUnixNano", "\(max(0, end))")
        text(#","attributes":["#)
    }

    /// What was found, as events, and whether it failed.
    private mutating func close(_ findings: [Finding], at time: Int64, isError: Bool, or outcome: String) {
        text("]")
        if !findings.isEmpty {
            list("events", findings) { writer, finding in writer.event(finding, at: time) }
        }
        if isError {
            let cause = findings.first { $0.severity == .error }
            key("status")
            // STATUS_CODE_ERROR
            text(#"{"code":2"#)
            field("message", cause.map { "\($0.message) (\($0.code.rawValue))" } ?? outcome)
            text("}")
        }
        text("}")
    }

    private mutating func event(_ finding: Finding, at time: Int64) {
        text(#"{"timeUnixNano":"#)
        string("\(max(0, time))")
        field("name", "finding")
        text(#","attributes":["#)
        attribute("packetwalk.finding.code", .text(finding.code.rawValue), isFirst: true)
        attribute("packetwalk.finding.severity", .text(finding.severity.rawValue))
        attribute("packetwalk.finding.message", .text(finding.message))
        if let fix = finding.remedy?.lastingCommands, !fix.isEmpty {
            attribute("packetwalk.finding.fix", .texts(fix))
        }
        text("]}")
    }

    private mutating func attribute(_ name: String, _ value: SpanValue, isFirst: Bool = false) {
        text(isFirst ? #"{"key":"# : #",{"key":"#)
        string(name)
        key("value")
        switch value {
        case .text(let text):
            key("stringValue", first: true)
            string(text)
        case .number(let number):
            key("intValue", first: true)
            string("\(number)")
        case .texts(let texts):
            self.text(#"{"arrayValue":{"values":"#)
            array(texts) { writer, text in
                writer.key("stringValue", first: true)
                writer.string(text)
                writer.text("}")
            }
            self.text("}")
        }
        text("}}")
    }
}
