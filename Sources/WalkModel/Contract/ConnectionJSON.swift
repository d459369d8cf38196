internal import Network
internal import Observations
internal import Wire

/// Connections as JSON, one object a line: schema `packetwalk.connection/1`
/// (`docs/schema/packetwalk.connection-1.json`). The same connection gives the same bytes.
public enum ConnectionJSON {
    public static let schema = "packetwalk.connection/1"

    /// The object without a newline at its end.
    public static func line(_ connection: Connection) -> String {
        var writer = WalkJSONWriter()
        writer.write(connection)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension WalkJSONWriter {
    fileprivate mutating func write(_ connection: Connection) {
        key("client", first: true)
        write(connection.client)
        field("duration_ns", connection.durationNanoseconds)
        optional("ended_by", connection.endedBy?.rawValue)
        field("ending", connection.ending.rawValue)
        list("findings", connection.causes) { writer, cause in writer.write(cause) }
        optional("handshake_ns", connection.handshakeNanoseconds)
        optional("host", connection.host)
        field("id", connection.id)
        optional("identifier", connection.identifier)
        field("kind", connection.kind.rawValue)
        list("lookups", connection.lookups) { writer, lookup in writer.write(lookup) }
        field("lookups_total", connection.lookupCount)
        field("outcome", connection.outcome.rawValue)
        list("path", path(connection)) { writer, place in writer.write(place) }
        field("protocol", connection.protocol)
        key("received")
        write(connection.received)
        field("replies", connection.replies)
        list("reply_path", replyPath(connection)) { writer, place in writer.write(place) }
        field("requests", connection.requests)
        key("round_trip_ns")
        if let times = connection.roundTrip { write(times) } else { text("null") }
        if let oneOf = connection.sampledOneOf { field("sampled_one_of", oneOf) }
        field("schema", ConnectionJSON.schema)
        key("sent")
        write(connection.sent)
        key("server")
        write(connection.server)
        field("start", timestamp(connection.startNanoseconds))
        list("translations", connection.translations) { writer, translation in writer.write(translation) }
        key("walks")
        strings(connection.walks)
        field("walks_total", connection.walkCount)
        text("}")
    }

    private func path(_ connection: Connection) -> [Hop] { connection.example.request.hops.filter(\.isLink) }

    private func replyPath(_ connection: Connection) -> [Hop] { connection.example.reply?.hops.filter(\.isLink) ?? [] }

    /// A device that the drawn packet passed.
    private mutating func write(_ place: Hop) {
        key("device", first: true)
        optional(place.device)
        optional("direction", place.direction?.rawValue)
        field("namespace", place.namespace)
        text("}")
    }

    private mutating func write(_ end: Connection.End) {
        key("address", first: true)
        string(end.address.description)
        optional("namespace", end.namespace)
        optional("port", end.port)
        text("}")
    }

    private mutating func write(_ traffic: Connection.Traffic) {
        key("bytes", first: true)
        number(traffic.bytes)
        field("packets", traffic.packets)
        field("retransmitted", traffic.retransmitted)
        field("stopped", traffic.stopped)
        text("}")
    }

    private mutating func write(_ times: Connection.RoundTrip) {
        key("average", first: true)
        number(times.averageNanoseconds)
        field("count", times.count)
        field("maximum", times.maximumNanoseconds)
        field("minimum", times.minimumNanoseconds)
        text("}")
    }

    private mutating func write(_ translation: Connection.Translation) {
        let texts = translation.change.texts
        key("field", first: true)
        string(translation.change.field.rawValue)
        optional("from", texts.from)
        optional("hook", translation.hook?.rawValue)
        field("namespace", translation.namespace)
        optional("rule", translation.rule)
        optional("to", texts.to)
        text("}")
    }

    private mutating func write(_ cause: Connection.Cause) {
        key("count", first: true)
        number(cause.count)
        key("finding")
        write(cause.finding)
        field("first", timestamp(cause.firstNanoseconds))
        field("last", timestamp(cause.lastNanoseconds))
        text("}")
    }

    private mutating func write(_ lookup: Connection.Lookup) {
        key("answers", first: true)
        strings(lookup.answer?.answers ?? [])
        optional("duration_ns", lookup.nanoseconds)
        optional("name", lookup.question.name)
        optional("result", lookup.answer?.resultName)
        field("type", lookup.question.typeName)
        text("}")
    }
}

extension Hop {
    fileprivate var isLink: Bool { vantage == .link }
}
