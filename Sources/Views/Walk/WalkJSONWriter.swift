import Observations
import Network
import WalkModel
import Wire

/// Writes walks as `JSONText.compact` would, byte for byte, at fifty times the speed: a recording has millions.
///
/// What few walks have (findings, stops) goes through the encoder.
struct WalkJSONWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ walk: Walk) throws {
        bytes.reserveCapacity(512 + 640 * walk.hops.count)
        key("answers", first: true)
        optional(walk.answers)
        present("cut_off", walk.cutOff?.rawValue)
        key("destination")
        string(walk.destination)
        optional("destination_port", walk.destinationPort)
        key("duration_ns")
        number(walk.durationNanoseconds)
        if let hop = walk.expectedNext {
            key("expected_next")
            write(hop)
        }
        key("findings")
        try list(walk.findings) { writer, finding in try writer.encode(finding) }
        key("hops")
        list(walk.hops) { writer, hop in writer.write(hop) }
        key("id")
        string(walk.id)
        if let hop = walk.lastSeen {
            key("last_seen")
            write(hop)
        }
        key("losses")
        list(walk.losses) { writer, loss in writer.write(loss) }
        key("outcome")
        string(walk.outcome.rawValue)
        key("protocol")
        string(walk.protocol)
        key("schema")
        string(walk.schema)
        key("source")
        string(walk.source)
        optional("source_port", walk.sourcePort)
        key("start")
        string(walk.start)
        key("stopped_at")
        if let stop = walk.stoppedAt { try encode(stop) } else { text("null") }
        key("summary")
        string(walk.summary)
        text("}")
    }

    private mutating func write(_ hop: Hop) {
        key("changes", first: true)
        list(hop.changes) { writer, change in writer.write(change) }
        key("confidence")
        string(hop.confidence.rawValue)
        optional("device", hop.device)
        optional("direction", hop.direction?.rawValue)
        present("edge", hop.edge?.rawValue)
        key("evidence")
        list(hop.evidence) { writer, evidence in writer.string(evidence.rawValue) }
        optional("hook", hop.hook?.rawValue)
        key("index")
        number(hop.index)
        key("joined_by")
        list(hop.joinedBy) { writer, name in writer.string(name) }
        key("namespace")
        string(hop.namespace)
        key("offset_ns")
        number(hop.offsetNanoseconds)
        key("packet")
        write(hop.packet)
        optional("parent", hop.parent)
        if let route = hop.route {
            key("route")
            write(route)
        }
        key("rules")
        list(hop.rules) { writer, rule in writer.write(rule) }
        optional("stage", hop.stage?.rawValue)
        key("vantage")
        string(hop.vantage.rawValue)
        text("}")
    }

    private mutating func write(_ packet: Hop.Packet) {
        key("destination", first: true)
        string(packet.destination)
        present("destination_port", packet.destinationPort)
        if let dontFragment = packet.dontFragment {
            key("dont_fragment")
            text(dontFragment ? "true" : "false")
        }
        present("dscp", packet.dscp)
        present("encapsulation", packet.encapsulation)
        key("length")
        number(packet.length)
        present("mac_destination", packet.macDestination?.description)
        present("mac_source", packet.macSource?.description)
        present("mark", packet.mark)
        key("source")
        string(packet.source)
        present("source_port", packet.sourcePort)
        present("ttl", packet.ttl)
        text("}")
    }

    private mutating func write(_ change: Hop.Change) {
        key("field", first: true)
        string(change.field)
        optional("from", change.from)
        optional("to", change.to)
        text("}")
    }

    private mutating func write(_ route: RouteDecision) {
        text("{")
        let start = bytes.count
        present("errorNumber", route.errorNumber)
        present("gateway", route.gateway?.description)
        present("inDevice", route.inDevice)
        present("kind", route.kind)
        key("mark")
        number(route.mark)
        present("matchedRoute", route.matchedRoute)
        key("namespace")
        string(route.namespace)
        present("outDevice", route.outDevice)
        present("preferredSource", route.preferredSource?.description)
        present("table", route.table)
        key("timeNanoseconds")
        number(route.timeNanoseconds)
        key("tuple")
        write(route.tuple)
        text("}")
        // Which field comes first depends on what is known.
        bytes.remove(at: start)
    }

    private mutating func write(_ tuple: FlowTuple) {
        key("destination", first: true)
        string(tuple.destination.description)
        key("destinationPort")
        number(tuple.destinationPort)
        key("ipProtocol")
        number(tuple.ipProtocol.rawValue)
        key("source")
        string(tuple.source.description)
        key("sourcePort")
        number(tuple.sourcePort)
        text("}")
    }

    private mutating func write(_ rule: RuleReference) {
        key("backend", first: true)
        optional(rule.backend?.rawValue)
        key("chain")
        string(rule.chain)
        key("family")
        string(rule.family.rawValue)
        optional("handle", rule.handle)
        optional("position", rule.position)
        key("table")
        string(rule.table)
        optional("text", rule.text)
        optional("verdict", rule.verdict)
        text("}")
    }

    private mutating func write(_ loss: WalkLoss) {
        key("lost", first: true)
        number(loss.lost)
        key("vantage")
        string(loss.vantage)
        text("}")
    }

    // MARK: JSON

    private mutating func text(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    private mutating func key(_ name: StaticString, first: Bool = false) {
        text(first ? "{\"" : ",\"")
        text(name)
        text("\":")
    }

    private mutating func list<Element>(
        _ elements: [Element], _ write: (inout WalkJSONWriter, Element) throws -> Void
    ) rethrows {
        text("[")
        for index in elements.indices {
            if index > 0 { text(",") }
            try write(&self, elements[index])
        }
        text("]")
    }

    private mutating func string(_ value: String) {
        var value = value
        let isPlain = value.withUTF8 { utf8 in
            for byte in utf8 where byte < 0x20 || byte >= 0x7f || byte == 0x22 || byte == 0x5c { return false }
            bytes.append(0x22)
            bytes.append(contentsOf: utf8)
            bytes.append(0x22)
            return true
        }
        // A string always encodes.
        if !isPlain { bytes.append(contentsOf: ((try? JSONText.compact(value)) ?? "\"\"").utf8) }
    }

    private mutating func optional(_ value: String?) {
        if let value { string(value) } else { text("null") }
    }

    private mutating func optional(_ name: StaticString, _ value: String?) {
        key(name)
        optional(value)
    }

    private mutating func optional(_ name: StaticString, _ value: (some BinaryInteger)?) {
        key(name)
        if let value { number(value) } else { text("null") }
    }

    /// A field that is left out where it has no value.
    private mutating func present(_ name: StaticString, _ value: String?) {
        if let value { optional(name, value) }
    }

    private mutating func present(_ name: StaticString, _ value: (some BinaryInteger)?) {
        if let value { optional(name, value) }
    }

    private mutating func number(_ value: some BinaryInteger) {
        var rest = UInt64(value.magnitude)
        if value < 0 { bytes.append(0x2d) }
        let start = bytes.count
        repeat {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    private mutating func encode(_ value: some Encodable) throws {
        bytes.append(contentsOf: try JSONText.compact(value).utf8)
    }
}
