internal import Network
internal import Observations
internal import Wire

// The types from what `WalkJSONWriter` wrote of them.

extension Walk {
    init(_ json: WalkJSONObject) throws {
        let schema = try json.text("schema")
        guard schema == WalkJSON.schema else { throw json.failure("schema", "is \(schema), not \(WalkJSON.schema)") }
        self.init(
            id: try json.text("id"), answers: try json.optionalText("answers"), host: try json.optionalText("host"),
            kind: try PacketKind(json.object("kind"), protocolName: json.text("protocol")),
            source: try json.value("source") { IPAddress($0) },
            destination: try json.value("destination") { IPAddress($0) },
            sourcePort: try json.optionalNumber("source_port"),
            destinationPort: try json.optionalNumber("destination_port"),
            startNanoseconds: try json.value("start", nanoseconds(rfc3339:)),
            durationNanoseconds: try json.number("duration_ns"),
            outcome: try json.value("outcome", Outcome.init(rawValue:)), hops: try json.objects("hops").map(Hop.init),
            stoppedAt: try json.optionalObject("stopped_at").map(Stop.init),
            lastSeen: try json.optionalObject("last_seen").map(Hop.init),
            expectedNext: try json.optionalObject("expected_next").map(Hop.init),
            findings: try json.objects("findings").map(Finding.init),
            losses: try json.objects("losses").map {
                WalkLoss(vantage: try $0.text("vantage"), lost: try $0.number("lost"))
            })
        losses += try json.texts("rules_untraced").map {
            WalkLoss(vantage: Loss.ruleTracePrefix + $0, lost: 1, isInferred: true)
        }
        sampledOneOf = try json.optionalNumber("sampled_one_of")
        cutOff = try json.optionalValue("cut_off", Edge.init(rawValue:))
        if try json.optionalBool("predicted") == true {
            prediction = Prediction(
                assumptions: try json.objects("assumptions").map {
                    Prediction.Assumption(
                        code: try $0.text("code"), namespace: try $0.optionalText("namespace"),
                        text: try $0.text("text"), otherwise: try $0.optionalText("otherwise"))
                })
        }
    }
}

extension PacketKind {
    fileprivate init(_ json: WalkJSONObject, protocolName: String) throws {
        let name = try json.text("name")
        func ipProtocol() throws -> IPProtocol {
            guard let number = IPProtocol(protocolName) else {
                throw json.failure("name", "can't be '\(name)' of the protocol '\(protocolName)'")
            }
            return number
        }
        switch name {
        case "icmp":
            self = .icmp(
                ICMPMessage(
                    isIPv6: try ipProtocol() == .icmpv6, type: try json.number("type"), code: try json.number("code"),
                    identifier: try json.optionalNumber("identifier"), sequence: try json.optionalNumber("sequence"),
                    mtu: try json.optionalNumber("mtu"),
                    quoted: try json.optionalObject("quoted").map(FlowTuple.init)))
        case "tcp":
            let flags = try json.values("flags") { text in TCPFlags.named.first { $0.name == text }?.flag }
            self = .tcp(flags: TCPFlags(flags), payloadLength: try json.number("payload_length"))
        case "udp": self = .udp(payloadLength: try json.number("payload_length"))
        case "sctp": self = .sctp(payloadLength: try json.number("payload_length"))
        case "arp":
            self = .arp(
                operation: try json.number("operation"), sender: try json.value("sender", MACAddress.init))
        case "fragment": self = .fragment(try ipProtocol(), offset: try json.number("offset"))
        case "other": self = .other(try ipProtocol(), payloadLength: try json.number("payload_length"))
        case "unseen": self = .unseen(try ipProtocol())
        default: throw json.failure("name", "can't be '\(name)'")
        }
    }
}

extension FlowTuple {
    fileprivate init(_ json: WalkJSONObject) throws {
        let identifier: UInt16? = try json.optionalNumber("identifier")
        self.init(
            source: try json.value("source") { IPAddress($0) },
            destination: try json.value("destination") { IPAddress($0) },
            sourcePort: try identifier ?? json.optionalNumber("source_port") ?? 0,
            destinationPort: try identifier ?? json.optionalNumber("destination_port") ?? 0,
            ipProtocol: IPProtocol(rawValue: try json.number("ip_protocol")))
    }
}

extension Hop {
    fileprivate init(_ json: WalkJSONObject) throws {
        self.init(
            index: try json.number("index"), parent: try json.optionalNumber("parent"),
            host: try json.optionalText("host"), namespace: try json.text("namespace"),
            device: try json.optionalText("device"),
            vantage: try json.value("vantage", VantagePoint.Kind.init(rawValue:)),
            direction: try json.optionalValue("direction", VantagePoint.Direction.init(rawValue:)),
            hook: try json.optionalText("hook").map(NetfilterHook.init(rawValue:)),
            stage: try json.optionalValue("stage", NetfilterStage.init(rawValue:)),
            edge: try json.optionalValue("edge", VantagePoint.Edge.init(rawValue:)),
            offsetNanoseconds: try json.number("offset_ns"),
            evidence: try json.values("evidence", Evidence.init(rawValue:)),
            confidence: try json.value("confidence", Confidence.init(rawValue:)),
            joinedBy: try json.values("joined_by", JoinBasis.init(rawValue:)),
            packet: try Packet(json.object("packet")), changes: try json.objects("changes").map(FieldChange.init),
            rules: try json.objects("rules").map(RuleReference.init),
            route: try json.optionalObject("route").map(RouteDecision.init))
    }
}

extension Hop.Packet {
    fileprivate init(_ json: WalkJSONObject) throws {
        self.init(
            source: try json.value("source") { IPAddress($0) },
            destination: try json.value("destination") { IPAddress($0) },
            sourcePort: try json.optionalNumber("source_port"),
            destinationPort: try json.optionalNumber("destination_port"), ttl: try json.optionalNumber("ttl"),
            length: try json.number("length"), macSource: try json.optionalValue("mac_source", MACAddress.init),
            macDestination: try json.optionalValue("mac_destination", MACAddress.init),
            mark: try json.optionalNumber("mark"), dscp: try json.optionalNumber("dscp"),
            encapsulation: try json.optionalValue("encapsulation") { Encapsulation($0) },
            dontFragment: try json.optionalBool("dont_fragment"), fragments: try json.optionalNumber("fragments"))
    }
}

extension FieldChange {
    /// The values stand there as text, whatever the field.
    fileprivate init(_ json: WalkJSONObject) throws {
        func values<Value>(_ make: (String) -> Value?) throws -> (Value, Value) {
            (try json.value("from", make), try json.value("to", make))
        }
        func optionals<Value>(_ make: (String) -> Value?) throws -> (Value?, Value?) {
            (try json.optionalValue("from", make), try json.optionalValue("to", make))
        }
        func number<Number: FixedWidthInteger>(_ text: String) -> Number? { Number(text) }
        let field = try json.value("field", Field.init(rawValue:))
        switch field {
        case .source, .destination:
            let (from, to) = try values { IPAddress($0) }
            self = field == .source ? .source(from: from, to: to) : .destination(from: from, to: to)
        case .sourcePort, .destinationPort:
            let (from, to): (UInt16?, UInt16?) = try optionals(number)
            self = field == .sourcePort ? .sourcePort(from: from, to: to) : .destinationPort(from: from, to: to)
        case .ttl, .dscp:
            let (from, to): (UInt8?, UInt8?) = try optionals(number)
            self = field == .ttl ? .ttl(from: from, to: to) : .dscp(from: from, to: to)
        case .macSource, .macDestination:
            let (from, to) = try values(MACAddress.init)
            self = field == .macSource ? .macSource(from: from, to: to) : .macDestination(from: from, to: to)
        case .length, .mark:
            let (from, to): (UInt32, UInt32) = try values(number)
            self = field == .length ? .length(from: from, to: to) : .mark(from: from, to: to)
        case .segments:
            let (from, to): (Int, Int) = try values(number)
            self = .segments(from: from, to: to)
        case .encapsulation:
            let (from, to) = try optionals { Encapsulation($0) }
            self = .encapsulation(from: from, to: to)
        }
    }
}

extension RouteDecision {
    fileprivate init(_ json: WalkJSONObject) throws {
        self.init(
            timeNanoseconds: try json.number("time_ns"), namespace: try json.text("namespace"),
            tuple: try FlowTuple(json.object("tuple")), inDevice: try json.optionalText("in_device"),
            mark: try json.number("mark"), kind: try json.optionalText("kind").map(RouteKind.init(rawValue:)),
            table: try json.optionalNumber("table").map(RoutingTable.init(rawValue:)),
            outDevice: try json.optionalText("out_device"),
            gateway: try json.optionalValue("gateway") { IPAddress($0) },
            preferredSource: try json.optionalValue("preferred_source") { IPAddress($0) },
            errorNumber: try json.optionalNumber("error_number"), matchedRoute: try json.optionalText("matched_route"))
    }
}

extension RuleReference {
    fileprivate init(_ json: WalkJSONObject) throws {
        self.init(
            family: TableFamily(rawValue: try json.text("family")), table: try json.text("table"),
            chain: try json.text("chain"),
            position: try json.optionalNumber("position"), handle: try json.optionalNumber("handle"),
            verdict: try json.optionalText("verdict").map(Verdict.init(rawValue:)), text: try json.optionalText("text"),
            backend: try json.optionalText("backend").map(FirewallBackend.init(rawValue:)))
    }
}

extension Stop {
    fileprivate init(_ json: WalkJSONObject) throws {
        self.init(
            namespace: try json.optionalText("namespace"), device: try json.optionalText("device"),
            vantage: try json.optionalValue("vantage", VantagePoint.Kind.init(rawValue:)),
            hook: try json.optionalText("hook").map(NetfilterHook.init(rawValue:)),
            stage: try json.optionalValue("stage", NetfilterStage.init(rawValue:)),
            rule: try json.optionalObject("rule").map(RuleReference.init))
        guard let said = json.optionalObject("cause") else { return }
        switch try said.text("name") {
        case "kernel_drop":
            cause = .kernelDrop(
                reason: DropReason(rawValue: try json.text("reason")), location: try json.optionalText("location"))
        case "icmp_error":
            cause = .icmpError(
                source: try said.value("source") { IPAddress($0) }, type: try said.number("type"),
                code: try said.number("code"))
        case "send_failure":
            cause = .sendFailure(errorNumber: try said.number("error_number"), message: try said.text("message"))
        case let name: throw said.failure("name", "can't be '\(name)'")
        }
    }
}

extension Finding {
    fileprivate init(_ json: WalkJSONObject) throws {
        self.init(
            code: FindingCode(rawValue: try json.text("code")),
            severity: try json.value("severity", Severity.init(rawValue:)),
            where: try Place(json.object("where")), message: try json.text("message"),
            evidence: try json.texts("evidence").map { Fact($0) },
            rule: try json.optionalObject("rule").map(RuleReference.init),
            path: try json.objects("path").map(RuleReference.init),
            unmatched: try json.objects("unmatched").map {
                Miss(rule: try RuleReference($0.object("rule")), because: try $0.text("because"))
            },
            checks: try json.objects("checks").map {
                Check(holds: try $0.optionalBool("holds"), text: try $0.text("text"))
            },
            remedy: try json.optionalObject("remedy").map {
                var remedy = Remedy(
                    try $0.texts("commands").map { RemedyAction(in: nil, .line($0)) }, verified: try $0.bool("verified")
                )
                remedy.proof = try RemedyProof($0)
                remedy.owner = try $0.optionalObject("owner").map {
                    OwnerRemedy(
                        try $0.text("name"), lines: try $0.texts("commands"), note: try $0.optionalText("note"))
                }
                return remedy
            })
    }
}

extension RemedyProof {
    /// Of a remedy; nil where it was not tried.
    fileprivate init?(_ json: WalkJSONObject) throws {
        guard let proof = json.optionalObject("proof") else { return nil }
        self.init(
            without: try proof.text("without"), with: try proof.text("with"), opens: try json.texts("opens"),
            closes: try json.texts("closes"), tried: try json.number("tried"),
            assumptions: try json.texts("assumptions"))
    }
}

extension Finding.Place {
    fileprivate init(_ json: WalkJSONObject) throws {
        self.init(
            namespace: try json.optionalText("namespace"),
            hook: try json.optionalText("hook").map(NetfilterHook.init(rawValue:)),
            device: try json.optionalText("device"))
    }
}
