package import Wire

/// What a condition of a rule reads: of the packet, of its connection, or of the place where the rule is evaluated.
///
/// One name for what both firewalls call differently: `-m conntrack --ctstate` and `ct state` are `connectionState`.
package indirect enum RuleField: Hashable, Sendable {
    package enum End: Hashable, Sendable {
        case source
        case destination
    }

    package enum Direction: Hashable, Sendable {
        case `in`
        case out
    }

    /// nft names the family (`ip saddr`), and the condition fails for packets of the other; nil for iptables.
    case address(End, IPAddress.Family?)
    /// What the address is to the namespace (`addrtype`, `fib … type`).
    case addressType(End)
    /// A port of one protocol, or of any that has ports; without an end, either port.
    case port(End?, IPProtocol?)
    /// `ip protocol` and `ip6 nexthdr` name a family; `-p` and `meta l4proto` don't.
    case transportProtocol(IPAddress.Family?)
    /// `meta nfproto`, or `meta protocol` where `isEtherType`.
    case networkProtocol(isEtherType: Bool)
    /// By name, or by index (`iif`, which the JSON of nft resolves to a name all the same).
    case device(Direction, isIndex: Bool)
    /// The bridge port, for a packet that a bridge hands to the IP rules (xt_physdev).
    case bridgePort(Direction)
    /// Whether the packet has a bridge port on one side, or on both.
    case isBridged(Direction?)
    case connectionState
    case connectionStatus
    /// `original`, `reply`.
    case connectionDirection
    case connectionMark
    case mark
    case icmpType(isIPv6: Bool)
    case icmpCode(isIPv6: Bool)
    /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128.
    case tcpFlags
    /// Time to live, hop limit; nft names the family.
    case timeToLive(IPAddress.Family?)
    /// Bytes of the IP packet: `ip length`, or `meta length` and `-m length`; `ip6 length` leaves the header out.
    case length(IPAddress.Family?)
    /// The six bits of the differentiated services (RFC 2474), 0 to 63.
    case dscp(IPAddress.Family?)
    /// The first four bits of the IP header of a family.
    case ipVersion(IPAddress.Family)
    case mac(End)
    /// The sender's or target's IP address of an ARP packet (`arp saddr ip`).
    case arpAddress(End)
    case arp(ARPHeaderField)
    /// Of IPv4 the flags (DF 0x4000, MF 0x2000) and the offset in eight bytes as one number; of IPv6 the offset.
    case fragmentOffset(IPAddress.Family?)
    /// The user or group that owns the sending socket; not known from a snapshot.
    case socketOwner(isGroup: Bool)
    /// Membership in an ipset, whose elements a snapshot does not hold. `src`, `dst,dst`.
    case ipset(name: String, directions: String)
    /// Whether the address is in a list of those that were seen (xt_recent).
    case recent(RecentList)
    /// Anything that depends on rate, chance or a quota.
    case limit(String)
    /// nft's concatenation, and an ICMP type with its code.
    case concatenation([RuleField])
    /// A field of a header whose value is not known, but whether that header is there: `tcp window`, `ip id`.
    case unread(IPProtocol?, IPAddress.Family?, String)
    /// Anything else, by the text that the rule has for it.
    case other(String)
}
