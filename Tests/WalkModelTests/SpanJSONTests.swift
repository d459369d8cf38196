import Foundation
import Testing
import Wire

@testable import WalkModel

/// Spans hold what OTLP's JSON encoding has, and nothing else (opentelemetry-proto, trace.proto, resource.proto,
/// common.proto; its specification: ids in hex, 64-bit numbers as text, enumerations as numbers).
@Suite("Spans of all labs' walks", .enabled(if: GoldenWalks.isAvailable))
struct SpanJSONTests {
    private typealias Object = [String: Any]

    private struct Span {
        var trace: String
        var id: String
        var parent: String?
        var start: Int64
        var end: Int64
        var attributes: [String: Any]
        var isError: Bool
        var events: Int
    }

    private struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    // MARK: The encoding

    private static func object(_ value: Any?, _ keys: Set<String>, needs: Set<String>) throws -> Object {
        guard let object = value as? Object else { throw Malformed(description: "no object: \(value ?? "nil")") }
        let found = Set(object.keys)
        guard found.isSubset(of: keys.union(needs)), needs.isSubset(of: found) else {
            throw Malformed(description: "keys \(found.sorted()), needed \(needs.sorted())")
        }
        return object
    }

    private static func one(_ value: Any?) throws -> Any {
        guard let list = value as? [Any], list.count == 1 else { throw Malformed(description: "not one") }
        return list[0]
    }

    private static func text(_ value: Any?) throws -> String {
        guard let text = value as? String else { throw Malformed(description: "no text: \(value ?? "nil")") }
        return text
    }

    /// fixed64 and int64 are decimal text.
    private static func number(_ value: Any?) throws -> Int64 {
        guard let number = Int64(try text(value)) else { throw Malformed(description: "no number: \(value ?? "nil")") }
        return number
    }

    private static func identifier(_ value: Any?, bytes: Int) throws -> String {
        let text = try text(value)
        let isHex = text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard isHex, text.utf8.count == 2 * bytes, text.utf8.contains(where: { $0 != 48 }) else {
            throw Malformed(description: "no id of \(bytes) bytes: \(text)")
        }
        return text
    }

    private static func attributes(_ value: Any?) throws -> [String: Any] {
        var result: [String: Any] = [:]
        for entry in value as? [Any] ?? [] {
            let pair = try object(entry, [], needs: ["key", "value"])
            let value = try object(pair["value"], ["stringValue", "intValue", "arrayValue"], needs: [])
            guard value.count == 1 else { throw Malformed(description: "not one value: \(value)") }
            let key = try text(pair["key"])
            guard result[key] == nil, !key.isEmpty else { throw Malformed(description: "\(key) twice") }
            if let text = value["stringValue"] { result[key] = try self.text(text) }
            if let number = value["intValue"] { result[key] = try self.number(number) }
            if let array = value["arrayValue"] {
                let list = try object(array, [], needs: ["values"])["values"] as? [Any] ?? []
                result[key] = try list.map { try text(object($0, [], needs: ["stringValue"])["stringValue"]) }
            }
        }
        return result
    }

    private static func span(_ value: Any) throws -> Span {
        let span = try object(
            value, ["parentSpanId", "events", "status"],
            needs: ["traceId", "spanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes"])
        // SPAN_KIND_INTERNAL
        guard span["kind"] as? Int == 1, try !text(span["name"]).isEmpty else { throw Malformed(description: "kind") }
        let events = span["events"] as? [Any] ?? []
        for event in events {
            let event = try object(event, [], needs: ["timeUnixNano", "name", "attributes"])
            _ = try number(event["timeUnixNano"])
            guard try attributes(event["attributes"])["packetwalk.finding.code"] != nil else {
                throw Malformed(description: "an event without a code")
            }
        }
        var isError = false
        if let status = span["status"] {
            let status = try object(status, [], needs: ["code", "message"])
            isError = status["code"] as? Int == 2
            guard isError, try !text(status["message"]).isEmpty else { throw Malformed(description: "status") }
        }
        return Span(
            trace: try identifier(span["traceId"], bytes: 16), id: try identifier(span["spanId"], bytes: 8),
            parent: try span["parentSpanId"].map { try identifier($0, bytes: 8) },
            start: try number(span["startTimeUnixNano"]), end: try number(span["endTimeUnixNano"]),
            attributes: try attributes(span["attributes"]), isError: isError, events: events.count)
    }

    /// The spans of a line.
    private static func spans(_ line: String) throws -> [Span] {
        #expect(!line.contains("\n"))
        let data = try object(JSONSerialization.jsonObject(with: Data(line.utf8)), [], needs: ["resourceSpans"])
        let entry = try object(one(data["resourceSpans"]), [], needs: ["resource", "scopeSpans"])
        let resource = try attributes(object(entry["resource"], [], needs: ["attributes"])["attributes"])
        #expect(resource["service.name"] as? String == "packetwalk")
        let scope = try object(one(entry["scopeSpans"]), [], needs: ["scope", "spans"])
        #expect(try text(object(scope["scope"], ["version"], needs: ["name"])["name"]) == "packetwalk")
        return try (scope["spans"] as? [Any] ?? []).map(span)
    }

    // MARK: What they say

    @Test("are OTLP: a span for each packet, and one within it for each hop")
    func walks() throws {
        let walks = try GoldenWalks.lines().prefix(600).map { try WalkJSON.walk(from: $0.utf8) }
        #expect(walks.count > 100 && walks.contains { $0.hasStopped } && walks.contains { !$0.findings.isEmpty })
        for walk in walks {
            let spans = try Self.spans(SpanJSON.line(Exchange(request: walk)))
            try #require(spans.count == walk.hops.count + 1)
            let packet = spans[0]
            #expect(packet.trace == walk.answers ?? walk.id && packet.parent == nil)
            #expect(packet.start == walk.startNanoseconds && packet.end == walk.endNanoseconds)
            #expect(packet.attributes["packetwalk.outcome"] as? String == walk.outcome.rawValue)
            #expect(packet.attributes["source.address"] as? String == walk.source.description)
            #expect(packet.isError == walk.hasStopped && packet.events == walk.findings.count)
            for (span, hop) in zip(spans.dropFirst(), walk.hops) {
                #expect(span.parent == packet.id && span.trace == packet.trace && !span.isError)
                #expect(span.start == walk.startNanoseconds + hop.offsetNanoseconds && span.end >= span.start)
                #expect(span.attributes["packetwalk.namespace"] as? String == hop.namespace)
                #expect(span.attributes["network.interface.name"] as? String == hop.device)
                #expect((span.attributes["packetwalk.rules"] as? [String] ?? []).count <= hop.rules.count)
            }
            #expect(Set(spans.map(\.id)).count == spans.count)
        }
    }

    @Test("a reply lies within the packet that it answers; both within their connection")
    func replies() throws {
        let walks = try GoldenWalks.lines().prefix(600).map { try WalkJSON.walk(from: $0.utf8) }
        let reply = try #require(
            walks.first { walk in walk.answers != nil && walks.contains { $0.id == walk.answers } })
        let request = try #require(walks.first { $0.id == reply.answers })
        let exchange = Exchange(request: request, reply: reply)
        let alone = try Self.spans(SpanJSON.line(exchange))
        try #require(alone.count == request.hops.count + reply.hops.count + 2)
        let answer = alone[request.hops.count + 1]
        #expect(answer.parent == alone[0].id && Set(alone.map(\.trace)) == [request.id])
        #expect(answer.attributes["packetwalk.kind"] as? String == "reply")

        var connection = Connection(
            id: request.id, kind: .echo, protocol: request.protocol,
            client: Connection.End(address: request.source, namespace: "web"),
            server: Connection.End(address: request.destination, port: 80), example: exchange)
        connection.durationNanoseconds = 5
        let whole = try Self.spans(SpanJSON.line(connection))
        try #require(whole.count == 1)
        #expect(whole[0].parent == nil && whole[0].end == request.startNanoseconds + 5)
        #expect(whole[0].attributes["server.port"] as? Int64 == 80)
        #expect(whole[0].attributes["packetwalk.client.namespace"] as? String == "web")
        let within = try Self.spans(SpanJSON.line(exchange, in: connection.trace))
        #expect(within[0].parent == whole[0].id && Set(within.map(\.trace)) == [whole[0].trace])
    }

    @Test("a failed connection has its cause as its status, and its fix as an event")
    func failed() throws {
        let walks = try GoldenWalks.lines().map { try WalkJSON.walk(from: $0.utf8) }
        let walk = try #require(
            walks.first { $0.findings.first.map { $0.severity == .error && $0.remedy != nil } == true })
        let finding = walk.findings[0]
        var connection = Connection(
            id: walk.id, kind: .other, protocol: walk.protocol, client: Connection.End(address: walk.source),
            server: Connection.End(address: walk.destination), example: Exchange(request: walk))
        connection.outcome = .dropped
        connection.causes = [Connection.Cause(finding: finding, firstNanoseconds: 1, lastNanoseconds: 1)]
        let line = SpanJSON.line(connection)
        let spans = try Self.spans(line)
        #expect(spans[0].isError && spans[0].events == 1)
        #expect(line.contains(#""packetwalk.finding.fix","value":{"arrayValue":{"values":[{"stringValue":"#))
        #expect(line.contains("(\(finding.code.rawValue))"))
    }
}
