public import Wire

/// A packet at one place, with all that rules ask about it. Nil is not known.
public struct PacketState: Sendable, Hashable {
    public var source: IPAddress
    public var destination: IPAddress
    public var ipProtocol: IPProtocol
    public var sourcePort: UInt16?
    public var destinationPort: UInt16?
    public var icmpType: UInt8?
    public var icmpCode: UInt8?
    /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32.
    public var tcpFlags: UInt8?
    public var ttl: UInt8?
    /// Bytes of the IP packet; 0 where unknown.
    public var length: UInt32
    /// Differentiated services code point, 0 to 63.
    public var dscp: UInt8?
    public var mark: UInt32
    /// False once a rule that may have matched has set it.
    public var isMarkKnown = true
    public var dontFragment: Bool?
    /// Whether it goes in several fragments here; `length` is then that of the longest.
    public var isFragmented = false
    /// Which of them this is, where rules meet each by itself; nil for a whole datagram.
    public var fragment: FragmentPart?
    public var macSource: MACAddress?
    public var macDestination: MACAddress?
    public var connection: ConnectionState?
    public var connectionMark: UInt32?
    /// Of an ARP packet: 1 for a request, 2 for a reply; source and destination are the sender's and target's addresses
    /// then. Nil for an IP packet.
    public var arpOperation: UInt16?
    /// It goes the way of its connection's replies.
    public var isReply = false
    public var isSourceTranslated: Bool?
    public var isDestinationTranslated: Bool?
    /// False once a rule that may have matched has translated it, or one has to an address that can't be told.
    public var isSourceKnown = true
    public var isDestinationKnown = true
    /// A rule gave it to a socket of the namespace (TPROXY), whatever its destination.
    public var isAssignedSocket = false
    /// Before any translation here.
    public var originalDestination: IPAddress?

    public init(
        source: IPAddress, destination: IPAddress, ipProtocol: IPProtocol, sourcePort: UInt16? = nil,
        destinationPort: UInt16? = nil, icmpType: UInt8? = nil, icmpCode: UInt8? = nil, tcpFlags: UInt8? = nil,
        ttl: UInt8? = nil, length: UInt32 = 0, mark: UInt32 = 0, dontFragment: Bool? = nil,
        connection: ConnectionState? = nil
    ) {
        self.source = source
        self.destination = destination
        self.ipProtocol = ipProtocol
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.icmpType = icmpType
        self.icmpCode = icmpCode
        self.tcpFlags = tcpFlags
        self.ttl = ttl
        self.length = length
        self.mark = mark
        self.dontFragment = dontFragment
        self.connection = connection
    }

    public var isARP: Bool { arpOperation != nil }

    /// Whether ports mean anything.
    public var hasPorts: Bool { ipProtocol.hasPorts && !isARP }
    public var isEchoRequest: Bool {
        ipProtocol.isICMP && icmpType == ICMPType.echoRequest(isIPv6: ipProtocol == .icmpv6).number
    }

    /// The packet that answers this one.
    public var answer: PacketState {
        var copy = self
        swap(&copy.source, &copy.destination)
        swap(&copy.sourcePort, &copy.destinationPort)
        swap(&copy.isSourceKnown, &copy.isDestinationKnown)
        swap(&copy.macSource, &copy.macDestination)
        if isEchoRequest { copy.icmpType = ICMPType.echoReply(isIPv6: ipProtocol == .icmpv6).number }
        if ipProtocol == .tcp { copy.tcpFlags = 18 }
        copy.ttl = 64
        copy.mark = 0
        copy.connection = .established
        copy.isReply = !isReply
        copy.originalDestination = nil
        copy.isFragmented = false
        copy.fragment = nil
        return copy
    }
}
