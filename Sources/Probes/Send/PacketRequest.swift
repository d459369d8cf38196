public import Wire

/// One packet to be sent on purpose: what `explain` asks for.
public struct PacketRequest: Sendable, Codable, Hashable {
    public enum Kind: Sendable, Codable, Hashable {
        /// An ICMP or ICMPv6 echo request.
        case echo
        /// A TCP SYN to a port.
        case tcp(UInt16)
        /// A UDP datagram to a port.
        case udp(UInt16)
    }

    public var kind: Kind
    public var destination: IPAddress
    /// Bound before sending; the kernel chooses where nil.
    public var source: IPAddress?
    /// Bound before sending; the kernel chooses where nil. Of an echo request it is the identifier.
    public var sourcePort: UInt16?
    /// Whose socket it is, as `-m owner`, `meta skuid` and `ip rule uidrange` ask; this process's own where nil.
    public var user: UInt32?
    /// The same for groups.
    public var group: UInt32?
    /// Payload bytes of an echo or a datagram; 56 and 32 by default.
    public var payloadLength: Int?
    /// TTL or hop limit; the namespace's default where nil.
    public var ttl: UInt8?
    /// Sets DF, so that no router may fragment it (IP_PMTUDISC_PROBE: the kernel's own cached path MTU is ignored).
    public var dontFragment: Bool
    /// SO_MARK, which policy routing can ask for.
    public var mark: UInt32?
    /// The device to send by, whatever routing says (SO_BINDTODEVICE).
    public var device: String?

    public init(
        kind: Kind, destination: IPAddress, source: IPAddress? = nil, payloadLength: Int? = nil, ttl: UInt8? = nil,
        dontFragment: Bool = false, mark: UInt32? = nil, device: String? = nil, sourcePort: UInt16? = nil,
        user: UInt32? = nil, group: UInt32? = nil
    ) {
        self.kind = kind
        self.destination = destination
        self.source = source
        self.payloadLength = payloadLength
        self.ttl = ttl
        self.dontFragment = dontFragment
        self.mark = mark
        self.device = device
        self.sourcePort = sourcePort
        self.user = user
        self.group = group
    }

    public var ipProtocol: IPProtocol {
        switch kind {
        case .echo: destination.isIPv4 ? .icmp : .icmpv6
        case .tcp: .tcp
        case .udp: .udp
        }
    }

    public var destinationPort: UInt16 {
        switch kind {
        case .echo: 0
        case .tcp(let port), .udp(let port): port
        }
    }
}
