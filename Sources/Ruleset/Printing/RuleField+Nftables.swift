internal import Wire

extension RuleField {
    /// As nft writes it: `ip saddr`, `ct state`, `iifname`. What only iptables has is in the words of iptables.
    package var nftName: String {
        switch self {
        case .address(let end, let family): "\(Self.ip(family)) \(Self.end(end, "addr"))"
        case .addressType(let end): "fib \(Self.end(end, "addr")) type"
        case .port(let end, let number): "\(number?.description ?? "th") \(end.map { Self.end($0, "port") } ?? "ports")"
        case .transportProtocol(let family):
            switch family {
            case .ipv4: "ip protocol"
            case .ipv6: "ip6 nexthdr"
            case nil: "meta l4proto"
            }
        case .networkProtocol(let isEtherType): isEtherType ? "meta protocol" : "meta nfproto"
        case .device(let direction, let isIndex): (direction == .in ? "iif" : "oif") + (isIndex ? "" : "name")
        case .connectionState: "ct state"
        case .connectionStatus: "ct status"
        case .connectionDirection: "ct direction"
        case .connectionMark: "ct mark"
        case .mark: "meta mark"
        case .icmpType(let isIPv6): isIPv6 ? "icmpv6 type" : "icmp type"
        case .icmpCode(let isIPv6): isIPv6 ? "icmpv6 code" : "icmp code"
        case .tcpFlags: "tcp flags"
        case .timeToLive(let family): family == .ipv6 ? "ip6 hoplimit" : "ip ttl"
        case .length(let family): family == nil ? "meta length" : "\(Self.ip(family)) length"
        case .dscp(let family): "\(Self.ip(family)) dscp"
        case .ipVersion(let family): "\(Self.ip(family)) version"
        case .fragmentOffset(let family): family == .ipv6 ? "frag frag-off" : "ip frag-off"
        case .mac(let end): "ether \(Self.end(end, "addr"))"
        case .arpAddress(let end): "arp \(Self.end(end, "addr")) ip"
        case .arp(let field): "arp \(field.rawValue)"
        case .socketOwner(let isGroup): isGroup ? "meta skgid" : "meta skuid"
        case .concatenation(let parts): parts.map(\.nftName).joined(separator: " . ")
        case .limit(let text), .unread(_, _, let text), .other(let text): text
        case .bridgePort, .isBridged, .ipset, .recent: Match(self).iptablesText
        }
    }

    private static func ip(_ family: IPAddress.Family?) -> String { family == .ipv6 ? "ip6" : "ip" }
    private static func end(_ end: End, _ what: String) -> String { (end == .source ? "s" : "d") + what }
}
