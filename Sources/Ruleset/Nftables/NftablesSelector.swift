internal import Network
internal import Wire

/// The left side of an nftables match (libnftables-json(5)): which field of the packet it reads.
enum NftablesSelector {
    /// A field and the bits of it that count. What is not understood is `other`, by the words that nft has for it.
    static func field(_ expression: JSONTree) -> (field: RuleField, mask: UInt64?) {
        guard let (key, body) = expression.only else { return (.other(expression.string ?? "expression"), nil) }
        switch key {
        case "payload":
            let name = "\(body["protocol"]?.string ?? "") \(body["field"]?.string ?? "")"
            return (payloads[name] ?? unread(body["protocol"]?.string, name), nil)
        case "meta":
            let name = body["key"]?.string ?? body.string ?? ""
            return (metas[name] ?? .other(name), nil)
        case "ct":
            let name = body["key"]?.string ?? ""
            return (body["dir"] == nil ? connections[name] ?? .other("ct \(name)") : .other("ct \(name)"), nil)
        case "exthdr":
            let name = [body["name"]?.string, body["field"]?.string].compactMap(\.self).joined(separator: " ")
            return (name == "frag frag-off" ? .fragmentOffset(.ipv6) : .other("exthdr \(name)"), nil)
        case "fib": return (routeLookup(body), nil)
        case "concat": return (.concatenation(body.elements.map { field($0).field }), nil)
        case "tcp option": return (.other("tcp option \(body["name"]?.string ?? "")"), nil)
        case "&": return masked(body.elements)
        default: return (.other(key), nil)
        }
    }

    private static func masked(_ operands: [JSONTree]) -> (field: RuleField, mask: UInt64?) {
        guard operands.count == 2 else { return (.other("&"), nil) }
        let inner = field(operands[0]).field
        guard inner.isNumeric, let bits = NftablesSets.bits(operands[1]) else { return (.other(inner.nftName), nil) }
        return (inner, bits)
    }

    /// A field that is not read, of a header whose presence can be told.
    private static func unread(_ header: String?, _ name: String) -> RuleField {
        switch header {
        case "ip": .unread(nil, .ipv4, name)
        case "ip6": .unread(nil, .ipv6, name)
        case "icmp", "igmp", "tcp", "udp", "udplite", "sctp", "dccp", "icmpv6":
            header.flatMap { IPProtocol($0) }.map { .unread($0, nil, name) } ?? .other(name)
        default: .other(name)
        }
    }

    private static func routeLookup(_ body: JSONTree) -> RuleField {
        let flags = body["flags"]?.string.map { [$0] } ?? body["flags"]?.elements.compactMap(\.string) ?? []
        let result = body["result"]?.string ?? ""
        if result == "type", flags == ["daddr"] { return .addressType(.destination) }
        if result == "type", flags == ["saddr"] { return .addressType(.source) }
        return .other("fib \(flags.joined(separator: " . ")) \(result)")
    }

    private static let payloads: [String: RuleField] = [
        "ip saddr": .address(.source, .ipv4), "ip6 saddr": .address(.source, .ipv6),
        "ip daddr": .address(.destination, .ipv4), "ip6 daddr": .address(.destination, .ipv6),
        "ip protocol": .transportProtocol(.ipv4), "ip6 nexthdr": .transportProtocol(.ipv6),
        "tcp sport": .port(.source, .tcp), "tcp dport": .port(.destination, .tcp),
        "udp sport": .port(.source, .udp), "udp dport": .port(.destination, .udp),
        "sctp sport": .port(.source, .sctp), "sctp dport": .port(.destination, .sctp),
        "dccp sport": .port(.source, .dccp), "dccp dport": .port(.destination, .dccp),
        "th sport": .port(.source, nil), "th dport": .port(.destination, nil),
        "tcp flags": .tcpFlags,
        "icmp type": .icmpType(isIPv6: false), "icmpv6 type": .icmpType(isIPv6: true),
        "ip ttl": .timeToLive(.ipv4), "ip6 hoplimit": .timeToLive(.ipv6), "ip length": .length(.ipv4),
        "ip6 length": .length(.ipv6), "ip dscp": .dscp(.ipv4), "ip6 dscp": .dscp(.ipv6),
        "ip version": .ipVersion(.ipv4), "ip6 version": .ipVersion(.ipv6),
        "udplite sport": .port(.source, .udpLite), "udplite dport": .port(.destination, .udpLite),
        "icmp code": .icmpCode(isIPv6: false), "icmpv6 code": .icmpCode(isIPv6: true),
        "ether type": .networkProtocol(isEtherType: true),
        "arp saddr ip": .arpAddress(.source), "arp daddr ip": .arpAddress(.destination),
        "arp saddr ether": .mac(.source), "arp operation": .arp(.operation), "arp htype": .arp(.hardwareType),
        "arp ptype": .arp(.protocolType), "arp hlen": .arp(.hardwareLength), "arp plen": .arp(.protocolLength),
        "ip frag-off": .fragmentOffset(.ipv4),
        "ether saddr": .mac(.source), "ether daddr": .mac(.destination),
    ]

    private static let metas: [String: RuleField] = [
        "iifname": .device(.in, isIndex: false), "iif": .device(.in, isIndex: true),
        "oifname": .device(.out, isIndex: false), "oif": .device(.out, isIndex: true),
        "mark": .mark, "l4proto": .transportProtocol(nil), "nfproto": .networkProtocol(isEtherType: false),
        "protocol": .networkProtocol(isEtherType: true), "length": .length(nil),
        "skuid": .socketOwner(isGroup: false), "skgid": .socketOwner(isGroup: true),
    ]

    private static let connections: [String: RuleField] = [
        "state": .connectionState, "status": .connectionStatus, "mark": .connectionMark,
        "direction": .connectionDirection,
    ]
}
