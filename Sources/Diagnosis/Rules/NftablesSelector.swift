internal import Network
internal import Wire

/// The left side of an nftables match: what of the packet it reads.
struct Selector: Sendable {
    enum Reading: Sendable {
        case value(NftablesValue)
        /// The packet has no such thing, so that the match fails.
        case absent(String)
        case unknown
    }

    var name: String
    var kind: RuleCondition.Kind = .other
    var read: @Sendable (PacketState, RuleSite) -> Reading = { _, _ in .unknown }
    var words: @Sendable (PacketState, RuleSite) -> String = { _, _ in "it has another value" }

    init(_ value: JSONValue, family: String) {
        guard let (key, body) = value.only else {
            name = value.text ?? "expression"
            return
        }
        name = key
        switch key {
        case "payload": readPayload(body)
        case "meta": readMeta(body["key"]?.text ?? body.text ?? "")
        case "ct": readConnection(body)
        case "fib": readFIB(body)
        case "concat":
            let parts = (body.array ?? []).map { Selector($0, family: family) }
            name = parts.map(\.name).joined(separator: " . ")
            read = { packet, site in
                var values: [NftablesValue] = []
                for part in parts {
                    switch part.read(packet, site) {
                    case .value(let value): values.append(value)
                    case .absent(let words): return .absent(words)
                    case .unknown: return .unknown
                    }
                }
                return .value(.list(values))
            }
            words = { packet, site in parts.map { $0.words(packet, site) }.joined(separator: ", ") }
        case "&":
            guard let operands = body.array, operands.count == 2 else { return }
            let inner = Selector(operands[0], family: family)
            name = inner.name
            kind = inner.kind
            words = inner.words
            let mask = operands[1]
            read = { packet, site in
                guard case .value(let value) = inner.read(packet, site) else { return inner.read(packet, site) }
                switch value {
                case .number(let number):
                    guard let bits = mask.number, bits >= 0 else { return .unknown }
                    return .value(.number(number & UInt64(bits)))
                case .words(let flags):
                    guard let names = mask.array?.compactMap(\.text) ?? mask.text.map({ [$0] }) else { return .unknown }
                    // Comparing the masked flags asks for exactly these: told apart by one word for the whole.
                    return .value(.words([flags.intersection(names).sorted().joined(separator: "|")]))
                default: return .unknown
                }
            }
        default: return
        }
    }

    private mutating func readPayload(_ body: JSONValue) {
        let header = body["protocol"]?.text ?? ""
        let field = body["field"]?.text ?? ""
        name = "\(header) \(field)"
        switch (header, field) {
        case ("ip", "saddr"), ("ip6", "saddr"), ("ip", "daddr"), ("ip6", "daddr"):
            let isSource = field == "saddr"
            let wantsIPv4 = header == "ip"
            kind = isSource ? .source : .destination
            words = { packet, _ in isSource ? packet.sourceWords : packet.destinationWords }
            read = { packet, _ in
                let address = isSource ? packet.source : packet.destination
                if address.isIPv4 != wantsIPv4 { return .absent(wantsIPv4 ? "it is IPv6" : "it is IPv4") }
                return .value(.address(address))
            }
        case ("ip", "protocol"), ("ip6", "nexthdr"):
            let wantsIPv4 = header == "ip"
            kind = .transportProtocol
            words = { packet, _ in packet.protocolWords }
            read = { packet, _ in
                if packet.source.isIPv4 != wantsIPv4 { return .absent(wantsIPv4 ? "it is IPv6" : "it is IPv4") }
                return .value(.number(UInt64(packet.ipProtocol.rawValue)))
            }
        case ("tcp", "sport"), ("tcp", "dport"), ("udp", "sport"), ("udp", "dport"), ("th", "sport"), ("th", "dport"),
            ("sctp", "sport"), ("sctp", "dport"):
            let isSource = field == "sport"
            let number = header == "th" ? nil : protocolNumber(header)
            kind = isSource ? .sourcePort : .destinationPort
            words = { packet, _ in
                packet.portWords(
                    isSource ? packet.sourcePort : packet.destinationPort, isSource ? "source" : "destination")
            }
            read = { packet, _ in
                if let number, number != packet.ipProtocol.rawValue { return .absent(packet.protocolWords) }
                if !packet.hasPorts { return .absent(packet.protocolWords) }
                guard let port = isSource ? packet.sourcePort : packet.destinationPort else { return .unknown }
                return .value(.number(UInt64(port)))
            }
        case ("tcp", "flags"):
            words = { packet, _ in packet.ipProtocol == .tcp ? "its TCP flags are others" : packet.protocolWords }
            read = { packet, _ in
                guard packet.ipProtocol == .tcp else { return .absent(packet.protocolWords) }
                guard let flags = packet.tcpFlags else { return .unknown }
                let names = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"]
                return .value(.words(Set(names.enumerated().filter { flags >> $0.offset & 1 == 1 }.map(\.element))))
            }
        case ("icmp", "type"), ("icmpv6", "type"):
            let isIPv6 = header == "icmpv6"
            words = { packet, _ in
                packet.icmpType.map { "its ICMP type is \(icmpTypeName($0, isIPv6: isIPv6))" } ?? packet.protocolWords
            }
            read = { packet, _ in
                guard packet.ipProtocol == (isIPv6 ? .icmpv6 : .icmp) else { return .absent(packet.protocolWords) }
                return packet.icmpType.map { .value(.words(icmpTypeNames($0, isIPv6: isIPv6))) } ?? .unknown
            }
        case ("ip", "ttl"), ("ip6", "hoplimit"):
            words = { packet, _ in packet.ttl.map { "its TTL is \($0)" } ?? "its TTL is not known" }
            read = { packet, _ in packet.ttl.map { .value(.number(UInt64($0))) } ?? .unknown }
        case ("ip", "length"):
            words = { packet, _ in "its length is \(packet.length)" }
            read = { packet, _ in packet.length > 0 ? .value(.number(UInt64(packet.length))) : .unknown }
        case ("ether", "saddr"), ("ether", "daddr"):
            let isSource = field == "saddr"
            words = { packet, _ in
                (isSource ? packet.macSource : packet.macDestination).map {
                    "its MAC \(isSource ? "source" : "destination") is \($0)"
                } ?? "its MAC addresses are not known"
            }
            read = { packet, _ in
                (isSource ? packet.macSource : packet.macDestination).map { .value(.mac($0)) } ?? .unknown
            }
        default: return
        }
    }

    private mutating func readMeta(_ key: String) {
        name = key
        switch key {
        case "iifname", "iif":
            kind = .inDevice
            words = { _, site in site.inWords }
            read = { _, site in site.inDevice.map { .value(.name($0)) } ?? .value(.name("")) }
        case "oifname", "oif":
            kind = .outDevice
            words = { _, site in site.outWords }
            read = { _, site in site.outDevice.map { .value(.name($0)) } ?? .value(.name("")) }
        case "mark":
            words = { packet, _ in packet.markWords }
            read = { packet, _ in packet.isMarkKnown ? .value(.number(UInt64(packet.mark))) : .unknown }
        case "l4proto":
            kind = .transportProtocol
            words = { packet, _ in packet.protocolWords }
            read = { packet, _ in .value(.number(UInt64(packet.ipProtocol.rawValue))) }
        case "nfproto":
            words = { packet, _ in packet.source.isIPv4 ? "it is IPv4" : "it is IPv6" }
            read = { packet, _ in .value(.words([packet.source.isIPv4 ? "ipv4" : "ipv6"])) }
        case "protocol":
            words = { packet, _ in packet.source.isIPv4 ? "it is IPv4" : "it is IPv6" }
            read = { packet, _ in .value(.words([packet.source.isIPv4 ? "ip" : "ip6"])) }
        case "length":
            words = { packet, _ in "its length is \(packet.length)" }
            read = { packet, _ in packet.length > 0 ? .value(.number(UInt64(packet.length))) : .unknown }
        case "iiftype", "oiftype", "iifgroup", "oifgroup", "skuid", "skgid", "pkttype", "cpu", "rtclassid": return
        default: return
        }
    }

    private mutating func readConnection(_ body: JSONValue) {
        let key = body["key"]?.text ?? ""
        name = "ct \(key)"
        switch key {
        case "state":
            kind = .connection
            words = { packet, _ in packet.connectionWords }
            read = { packet, _ in packet.connection.map { .value(.words([$0.rawValue])) } ?? .unknown }
        case "mark":
            words = { packet, _ in
                packet.connectionMark.map { "its connection's mark is \($0)" } ?? "its connection's mark is not known"
            }
            read = { packet, _ in packet.connectionMark.map { .value(.number(UInt64($0))) } ?? .unknown }
        case "status":
            kind = .connection
            words = { packet, _ in
                packet.isDestinationTranslated == true
                    ? "its destination was translated" : "its destination was not translated"
            }
            read = { packet, _ in
                guard let destination = packet.isDestinationTranslated, let source = packet.isSourceTranslated else {
                    return .unknown
                }
                return .value(.words(Set((destination ? ["dnat"] : []) + (source ? ["snat"] : []))))
            }
        default: return
        }
    }

    private mutating func readFIB(_ body: JSONValue) {
        let flags = body["flags"]?.array?.compactMap(\.text) ?? body["flags"]?.text.map { [$0] } ?? []
        name = "fib \(flags.joined(separator: " . ")) \(body["result"]?.text ?? "")"
        guard body["result"]?.text == "type", flags == ["daddr"] || flags == ["saddr"] else { return }
        let isSource = flags == ["saddr"]
        kind = isSource ? .source : .destination
        words = { packet, site in
            let address = isSource ? packet.source : packet.destination
            return addressType(address, in: site.namespace) == "local"
                ? "\(address) is an address of \(site.namespace.name)"
                : "\(address) is no address of \(site.namespace.name)"
        }
        read = { packet, site in
            .value(.words([addressType(isSource ? packet.source : packet.destination, in: site.namespace)]))
        }
    }
}

private let icmpNames: [(UInt8, String)] = [
    (0, "echo-reply"), (3, "destination-unreachable"), (5, "redirect"), (8, "echo-request"), (11, "time-exceeded"),
    (12, "parameter-problem"), (13, "timestamp-request"), (14, "timestamp-reply"),
]
private let icmpv6Names: [(UInt8, String)] = [
    (1, "destination-unreachable"), (2, "packet-too-big"), (3, "time-exceeded"), (4, "parameter-problem"),
    (128, "echo-request"), (129, "echo-reply"), (130, "mld-listener-query"), (131, "mld-listener-report"),
    (132, "mld-listener-done"), (133, "nd-router-solicit"), (134, "nd-router-advert"), (135, "nd-neighbor-solicit"),
    (136, "nd-neighbor-advert"), (137, "nd-redirect"),
]

/// An ICMP type's name as nft writes it, or its number.
func icmpTypeName(_ type: UInt8, isIPv6: Bool) -> String {
    (isIPv6 ? icmpv6Names : icmpNames).first { $0.0 == type }?.1 ?? String(type)
}

private func icmpTypeNames(_ type: UInt8, isIPv6: Bool) -> Set<String> {
    [icmpTypeName(type, isIPv6: isIPv6), String(type)]
}
