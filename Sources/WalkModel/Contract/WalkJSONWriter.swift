internal import Network
internal import Observations
internal import Wire

/// Writes walks as JSON by hand, since a recording has millions. Keys stand in the order of their names.
struct WalkJSONWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ walk: Walk) {
        bytes.reserveCapacity(640 + 720 * walk.hops.count)
        key("answers", first: true)
        optional(walk.answers)
        if let prediction = walk.prediction {
            list("assumptions", prediction.assumptions) { writer, assumption in writer.write(assumption) }
        }
        present("cut_off", walk.cutOff?.rawValue)
        field("destination", walk.destination.description)
        optional("destination_port", walk.destinationPort)
        field("duration_ns", walk.durationNanoseconds)
        if let hop = walk.expectedNext {
            key("expected_next")
            write(hop)
        }
        list("findings", walk.findings) { writer, finding in writer.write(finding) }
        list("hops", walk.hops) { writer, hop in writer.write(hop) }
        optional("host", walk.host)
        field("id", walk.id)
        key("kind")
        write(walk.kind)
        if let hop = walk.lastSeen {
            key("last_seen")
            write(hop)
        }
        list("losses", walk.losses.filter { !$0.isInferred }) { writer, loss in writer.write(loss) }
        field("outcome", walk.outcome.rawValue)
        if walk.prediction != nil {
            key("predicted")
            text("true")
        }
        field("protocol", walk.protocol)
        let untraced = walk.losses.compactMap(\.untracedNamespace)
        if !untraced.isEmpty {
            key("rules_untraced")
            strings(untraced)
        }
        present("sampled_one_of", walk.sampledOneOf)
        field("schema", WalkJSON.schema)
        field("source", walk.source.description)
        optional("source_port", walk.sourcePort)
        field("start", timestamp(walk.startNanoseconds))
        key("stopped_at")
        if let stop = walk.stoppedAt { write(stop) } else { text("null") }
        field("summary", walk.summary)
        text("}")
    }

    private mutating func write(_ assumption: Prediction.Assumption) {
        key("code", first: true)
        string(assumption.code)
        optional("namespace", assumption.namespace)
        present("otherwise", assumption.otherwise)
        field("text", assumption.text)
        text("}")
    }

    // MARK: What the packet is

    private mutating func write(_ kind: PacketKind) {
        switch kind {
        case .icmp(let message): write(message)
        case .tcp(let flags, let length):
            key("flags", first: true)
            strings(flags.names)
            field("name", "tcp")
            field("payload_length", length)
        case .udp(let length): payload("udp", length)
        case .sctp(let length): payload("sctp", length)
        case .other(_, let length): payload("other", length)
        case .arp(let operation, let sender):
            key("name", first: true)
            string("arp")
            field("operation", operation)
            field("sender", sender.description)
        case .fragment(_, let offset):
            key("name", first: true)
            string("fragment")
            field("offset", offset)
        case .unseen:
            key("name", first: true)
            string("unseen")
        }
        text("}")
    }

    private mutating func payload(_ name: String, _ length: UInt32) {
        key("name", first: true)
        string(name)
        field("payload_length", length)
    }

    private mutating func write(_ message: ICMPMessage) {
        key("code", first: true)
        number(message.code)
        present("identifier", message.identifier)
        present("mtu", message.mtu)
        field("name", "icmp")
        if let quoted = message.quoted {
            key("quoted")
            write(quoted)
        }
        present("sequence", message.sequence)
        field("type", message.type)
    }

    private mutating func write(_ flow: FlowTuple) {
        let hasPorts = flow.ipProtocol.hasPorts
        key("destination", first: true)
        string(flow.destination.description)
        if hasPorts { field("destination_port", flow.destinationPort) }
        // An echo's; other messages have none.
        if flow.ipProtocol.isICMP, flow.sourcePort != 0 { field("identifier", flow.sourcePort) }
        field("ip_protocol", flow.ipProtocol.rawValue)
        field("source", flow.source.description)
        if hasPorts { field("source_port", flow.sourcePort) }
        text("}")
    }

    // MARK: Hops

    private mutating func write(_ hop: Hop) {
        key("changes", first: true)
        array(hop.changes) { writer, change in writer.write(change) }
        field("confidence", hop.confidence.rawValue)
        optional("device", hop.device)
        optional("direction", hop.direction?.rawValue)
        present("edge", hop.edge?.rawValue)
        list("evidence", hop.evidence) { writer, evidence in writer.string(evidence.rawValue) }
        optional("hook", hop.hook?.rawValue)
        optional("host", hop.host)
        field("index", hop.index)
        list("joined_by", hop.joinedBy) { writer, basis in writer.string(basis.rawValue) }
        field("namespace", hop.namespace)
        field("offset_ns", hop.offsetNanoseconds)
        key("packet")
        write(hop.packet)
        optional("parent", hop.parent)
        if let route = hop.route {
            key("route")
            write(route)
        }
        list("rules", hop.rules) { writer, rule in writer.write(rule) }
        optional("stage", hop.stage?.rawValue)
        field("vantage", hop.vantage.rawValue)
        text("}")
    }

    private mutating func write(_ packet: Hop.Packet) {
        key("destination", first: true)
        string(packet.destination.description)
        present("destination_port", packet.destinationPort)
        if let dontFragment = packet.dontFragment {
            key("dont_fragment")
            text(dontFragment ? "true" : "false")
        }
        present("dscp", packet.dscp)
        present("encapsulation", packet.encapsulation?.description)
        present("fragments", packet.fragments)
        field("length", packet.length)
        present("mac_destination", packet.macDestination?.description)
        present("mac_source", packet.macSource?.description)
        present("mark", packet.mark)
        field("source", packet.source.description)
        present("source_port", packet.sourcePort)
        present("ttl", packet.ttl)
        text("}")
    }

    private mutating func write(_ change: FieldChange) {
        let (from, to) = change.texts
        key("field", first: true)
        string(change.field.rawValue)
        optional("from", from)
        optional("to", to)
        text("}")
    }

    private mutating func write(_ route: RouteDecision) {
        text("{")
        let start = bytes.count
        present("error_number", route.errorNumber)
        present("gateway", route.gateway?.description)
        present("in_device", route.inDevice)
        present("kind", route.kind?.rawValue)
        field("mark", route.mark)
        present("matched_route", route.matchedRoute)
        field("namespace", route.namespace)
        present("out_device", route.outDevice)
        present("preferred_source", route.preferredSource?.description)
        present("table", route.table?.rawValue)
        field("time_ns", route.timeNanoseconds)
        key("tuple")
        write(route.tuple)
        text("}")
        // Which field comes first depends on what is known.
        bytes.remove(at: start)
    }

    private mutating func write(_ rule: RuleReference) {
        key("backend", first: true)
        optional(rule.backend?.rawValue)
        field("chain", rule.chain)
        field("family", rule.family.rawValue)
        optional("handle", rule.handle)
        optional("position", rule.position)
        field("table", rule.table)
        optional("text", rule.text)
        optional("verdict", rule.verdict?.rawValue)
        text("}")
    }

    mutating func optional(_ name: StaticString, _ rule: RuleReference?) {
        key(name)
        if let rule { write(rule) } else { text("null") }
    }

    // MARK: Its end

    private mutating func write(_ stop: Stop) {
        key("cause", first: true)
        write(stop.cause)
        optional("device", stop.device)
        optional("hook", stop.hook?.rawValue)
        optional("location", stop.location)
        optional("namespace", stop.namespace)
        optional("reason", stop.reason)
        optional("rule", stop.rule)
        optional("stage", stop.stage?.rawValue)
        optional("vantage", stop.vantage?.rawValue)
        text("}")
    }

    private mutating func write(_ cause: Stop.Cause?) {
        switch cause {
        case .kernelDrop:
            key("name", first: true)
            string("kernel_drop")
        case .icmpError(let source, let type, let code):
            key("code", first: true)
            number(code)
            field("name", "icmp_error")
            field("source", source.description)
            field("type", type)
        case .sendFailure(let errorNumber, let message):
            key("error_number", first: true)
            number(errorNumber)
            field("message", message)
            field("name", "send_failure")
        case nil:
            text("null")
            return
        }
        text("}")
    }

    private mutating func write(_ loss: WalkLoss) {
        key("lost", first: true)
        number(loss.lost)
        field("vantage", loss.vantage)
        text("}")
    }

    // MARK: Findings

    mutating func write(_ finding: Finding) {
        text("{")
        let start = bytes.count
        if !finding.checks.isEmpty { list("checks", finding.checks) { writer, check in writer.write(check) } }
        field("code", finding.code.rawValue)
        key("evidence")
        strings(finding.evidence.map(\.description))
        field("message", finding.message)
        if !finding.path.isEmpty { list("path", finding.path) { writer, rule in writer.write(rule) } }
        key("remedy")
        if let remedy = finding.remedy { write(remedy) } else { text("null") }
        optional("rule", finding.rule)
        field("severity", finding.severity.rawValue)
        if !finding.unmatched.isEmpty { list("unmatched", finding.unmatched) { writer, miss in writer.write(miss) } }
        key("where")
        write(finding.where)
        text("}")
        // Which field comes first depends on what is known.
        bytes.remove(at: start)
    }

    private mutating func write(_ check: Finding.Check) {
        key("holds", first: true)
        switch check.holds {
        case true?: text("true")
        case false?: text("false")
        case nil: text("null")
        }
        field("text", check.text)
        text("}")
    }

    private mutating func write(_ miss: Finding.Miss) {
        key("because", first: true)
        string(miss.because)
        key("rule")
        write(miss.rule)
        text("}")
    }

    private mutating func write(_ remedy: Remedy) {
        guard let proof = remedy.proof else {
            key("commands", first: true)
            strings(remedy.commands)
            write(remedy.owner)
            key("verified")
            text(remedy.verified ? "true" : "false")
            text("}")
            return
        }
        key("assumptions", first: true)
        strings(proof.assumptions)
        key("closes")
        strings(proof.closes)
        key("commands")
        strings(remedy.commands)
        key("opens")
        strings(proof.opens)
        write(remedy.owner)
        key("proof")
        key("with", first: true)
        string(proof.with)
        field("without", proof.without)
        text("}")
        key("tried")
        number(proof.tried)
        key("verified")
        text(remedy.verified ? "true" : "false")
        text("}")
    }

    /// Nothing where there is none: the key was not there from the start.
    private mutating func write(_ owner: OwnerRemedy?) {
        guard let owner else { return }
        key("owner")
        key("commands", first: true)
        strings(owner.commands)
        field("name", owner.owner)
        optional("note", owner.note)
        text("}")
    }

    private mutating func write(_ place: Finding.Place) {
        key("device", first: true)
        optional(place.device)
        optional("hook", place.hook?.rawValue)
        optional("namespace", place.namespace)
        text("}")
    }

    // MARK: JSON

    mutating func text(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func key(_ name: StaticString, first: Bool = false) {
        text(first ? "{\"" : ",\"")
        text(name)
        text("\":")
    }

    mutating func field(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }

    mutating func field(_ name: StaticString, _ value: some BinaryInteger) {
        key(name)
        number(value)
    }

    mutating func list<Element>(
        _ name: StaticString, _ elements: [Element], _ write: (inout WalkJSONWriter, Element) -> Void
    ) {
        key(name)
        array(elements, write)
    }

    mutating func array<Element>(_ elements: [Element], _ write: (inout WalkJSONWriter, Element) -> Void) {
        text("[")
        for index in elements.indices {
            if index > 0 { text(",") }
            write(&self, elements[index])
        }
        text("]")
    }

    mutating func strings(_ values: [String]) {
        array(values) { writer, value in writer.string(value) }
    }

    mutating func string(_ value: String) {
        var value = value
        let start = bytes.count
        bytes.append(0x22)
        let isPlain = value.withUTF8 { utf8 in
            for byte in utf8 where byte < 0x20 || byte >= 0x7f || byte == 0x22 || byte == 0x5c { return false }
            bytes.append(contentsOf: utf8)
            return true
        }
        if !isPlain {
            bytes.removeSubrange((start + 1)...)
            for scalar in value.unicodeScalars { append(scalar) }
        }
        bytes.append(0x22)
    }

    private mutating func append(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": text("\\\"")
        case "\\": text("\\\\")
        case "\u{8}": text("\\b")
        case "\t": text("\\t")
        case "\n": text("\\n")
        case "\u{c}": text("\\f")
        case "\r": text("\\r")
        case _ where scalar.isUnsafe:
            for unit in String(scalar).utf16 {
                text("\\u")
                for shift in [12, 8, 4, 0] {
                    let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift) & 15)
                    bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
                }
            }
        default: bytes.append(contentsOf: String(scalar).utf8)
        }
    }

    mutating func optional(_ value: String?) {
        if let value { string(value) } else { text("null") }
    }

    mutating func optional(_ name: StaticString, _ value: String?) {
        key(name)
        optional(value)
    }

    mutating func optional(_ name: StaticString, _ value: (some BinaryInteger)?) {
        key(name)
        if let value { number(value) } else { text("null") }
    }

    /// A field that is left out where it has no value.
    private mutating func present(_ name: StaticString, _ value: String?) {
        if let value { field(name, value) }
    }

    private mutating func present(_ name: StaticString, _ value: (some BinaryInteger)?) {
        if let value { field(name, value) }
    }

    mutating func number(_ value: some BinaryInteger) {
        var rest = UInt64(value.magnitude)
        if value < 0 { bytes.append(0x2d) }
        let start = bytes.count
        repeat {
            bytes.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }
}
