/// What the headers of one packet say: a fixed-size value, no reference to the bytes it came from.
///
/// Where the packet carries another one in a tunnel (`TunnelKind`), the fields describe the *innermost* packet, and
/// `tunnel…` the outermost headers around it. Made by `dissect(_:linkType:originalLength:)`.
public struct PacketHeaders: Hashable, Sendable {
    public enum Network: UInt8, Sendable, Hashable {
        /// Neither ARP nor IP: only the link-layer fields mean anything.
        case other
        case arp
        case ipv4
        case ipv6
    }

    public struct Flags: OptionSet, Hashable, Sendable {
        public var rawValue: UInt16
        @inlinable
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// `macSource` and `macDestination` hold addresses (a cooked header has only the source).
        public static let hasMACSource = Flags(rawValue: 1)
        public static let hasMACDestination = Flags(rawValue: 2)
        /// The capture ended inside a header: fields from there on are zero.
        public static let truncated = Flags(rawValue: 4)
        /// A header contradicts itself (a length too small, a wrong version): fields from there on are zero.
        public static let malformed = Flags(rawValue: 8)
        public static let dontFragment = Flags(rawValue: 16)
        /// IPv4 MF, or the M flag of an IPv6 fragment header.
        public static let moreFragments = Flags(rawValue: 32)
        /// An ICMP error: `quoted…` describes the packet that it speaks of.
        public static let quotesPacket = Flags(rawValue: 64)
        /// The transport fields were read (not so in later fragments).
        public static let hasTransport = Flags(rawValue: 128)
        /// A TCP timestamp option was read into `tcpTimestamp`.
        public static let hasTCPTimestamp = Flags(rawValue: 256)
        /// The capture ended before all the bytes that `label` rests on: a longer capture gives another label.
        /// Does not happen from 192 captured bytes on, for the usual headers.
        public static let labelCutShort = Flags(rawValue: 512)
    }

    public enum TunnelKind: UInt8, Sendable, Hashable {
        case none
        case vxlan
        case gre
        case ipip
        case geneve
        /// A mirrored frame.
        case erspan
        case gtp
        case l2tp
        case pptp
        case teredo
        /// Generic UDP encapsulation.
        case gue
        /// A session on the link: `tunnelSource` and `tunnelDestination` are 0.
        case pppoe
        /// The same, unless UDP carries it.
        case mpls
    }

    // MARK: Link layer
    public var macSource = MACAddress(value: 0)
    public var macDestination = MACAddress(value: 0)
    /// 0x0800 IPv4, 0x86dd IPv6, 0x0806 ARP, …, behind any VLAN tags.
    public var etherType: UInt16 = 0
    /// The outermost VLAN identifier, 1 to 4094; 0 for none.
    public var vlan: UInt16 = 0
    /// The next VLAN identifier behind `vlan` (802.1ad); 0 for none.
    public var innerVLAN: UInt16 = 0
    /// Where the innermost network header starts, in bytes from the start of the capture.
    public var networkOffset: UInt16 = 0

    // MARK: Network layer
    public var network: Network = .other
    public var flags: Flags = []
    /// For ARP the sender's and the target's protocol address.
    public var source = IPAddress(ipv4: 0)
    public var destination = IPAddress(ipv4: 0)
    /// The upper-layer protocol, behind any extension headers.
    public var ipProtocol = IPProtocol(rawValue: 0)
    /// TTL or hop limit.
    public var ttl: UInt8 = 0
    /// The six DSCP bits.
    public var dscp: UInt8 = 0
    /// IPv4 identification, or the low 16 bits of an IPv6 fragment's.
    public var identification: UInt16 = 0
    /// Bytes from the start of the datagram's payload.
    public var fragmentOffset: UInt16 = 0
    /// What all fragments of one datagram, and the datagram when whole, have in common: family, protocol and
    /// identification, packed; 0 where there is no identification. NAT leaves it alone, but it is no hash of the
    /// content: two hosts can use the same one at the same time.
    public var datagramKey: UInt64 = 0
    /// What an IPv6 datagram too large for some links and its first fragment have in common, since only fragments bear
    /// an identification there (RFC 8200): a hash of how its payload begins, of what NAT leaves alone; 0 for others.
    public var datagramStart: UInt64 = 0
    /// Length of the IP packet in bytes, header included (84 for a plain ping), from its header; for a jumbo or
    /// GSO packet whose header says 0, from the capture's own length. For other frames, the frame's length.
    public var length: UInt32 = 0

    // MARK: Transport layer
    public var sourcePort: UInt16 = 0
    public var destinationPort: UInt16 = 0
    public var tcpSequence: UInt32 = 0
    public var tcpAcknowledgement: UInt32 = 0
    /// FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128.
    public var tcpFlags: UInt8 = 0
    /// TSval of the timestamp option (RFC 7323).
    public var tcpTimestamp: UInt32 = 0
    /// The MSS option, on SYN and SYN-ACK; 0 for none.
    public var tcpMaximumSegmentSize: UInt16 = 0
    /// Type of the first SCTP chunk (RFC 9260): 0 DATA, 1 INIT, …
    public var sctpChunkType: UInt8 = 0
    public var icmpType: UInt8 = 0
    public var icmpCode: UInt8 = 0
    /// Echo identifier. NAT treats it as a port.
    public var icmpIdentifier: UInt16 = 0
    public var icmpSequence: UInt16 = 0
    /// Bytes behind the transport header (behind the IP header where there is none).
    public var payloadLength: UInt32 = 0
    /// Where that payload starts, in bytes from the start of the capture; 0 where it was not reached.
    public var payloadOffset: UInt16 = 0
    /// ARP operation: 1 request, 2 reply.
    public var arpOperation: UInt16 = 0
    /// The address that a neighbour solicitation, advertisement or redirect speaks of (RFC 4861).
    public var neighbourTarget = IPAddress(ipv4: 0)
    /// ARP: the sender's hardware address. NDP: the link-layer address option; zero for none.
    public var neighbourMAC = MACAddress(value: 0)

    /// The first two octets of a UDP payload, where DNS keeps the ID that a reply copies from its query (RFC 1035
    /// section 4.1.1); 0 where there are none.
    public var udpTransaction: UInt16 = 0

    // MARK: ICMP errors: the packet quoted inside
    public var quotedSource = IPAddress(ipv4: 0)
    public var quotedDestination = IPAddress(ipv4: 0)
    public var quotedProtocol = IPProtocol(rawValue: 0)
    public var quotedSourcePort: UInt16 = 0
    /// For ICMP the echo identifier stands in both quoted ports.
    public var quotedDestinationPort: UInt16 = 0
    public var quotedIdentification: UInt16 = 0
    /// The MTU that "fragmentation needed" and "packet too big" carry.
    public var reportedMTU: UInt32 = 0
    /// The label of the quoted packet, equal to that of its own sightings (before any tunnel around it was taken
    /// off); 0 where the quotation is too short to tell.
    public var quotedLabel: UInt64 = 0

    // MARK: Tunnel
    public var tunnelKind: TunnelKind = .none
    /// The network of VXLAN or Geneve, the key of GRE, the session of ERSPAN, L2TP or PPPoE, the call of PPTP, GTP's
    /// TEID, the outermost MPLS label; 0 where there is none.
    public var tunnelIdentifier: UInt32 = 0
    public var tunnelSource = IPAddress(ipv4: 0)
    public var tunnelDestination = IPAddress(ipv4: 0)
    /// Where the tunnel's packet went in fragments and this is the first of them: its `datagramKey`, which the later
    /// fragments bear; else 0.
    public var tunnelFragmentKey: UInt64 = 0

    /// The packet label of trajectory sampling (Duffield and Grossglauser, 2000): a hash over the fields that
    /// forwarding and NAT leave alone. Equal for every sighting of one packet; 0 where there is nothing to hash.
    public var label: UInt64 = 0

    @inlinable
    public init() {}
}

extension PacketHeaders {
    @inlinable public var isIP: Bool { network == .ipv4 || network == .ipv6 }
    /// In a session of a link, or behind a label, without an IP header of a tunnel around it.
    @inlinable public var isInSession: Bool {
        (tunnelKind == .pppoe || tunnelKind == .mpls) && tunnelSource == IPAddress(ipv4: 0)
    }
    @inlinable public var isFragment: Bool { fragmentOffset != 0 || flags.contains(.moreFragments) }
    /// Echo request or reply, ICMP or ICMPv6.
    @inlinable public var isEcho: Bool { isEchoRequest || isEchoReply }
    @inlinable public var isEchoRequest: Bool {
        ipProtocol == .icmp ? icmpType == 8 : ipProtocol == .icmpv6 && icmpType == 128
    }
    @inlinable public var isEchoReply: Bool {
        ipProtocol == .icmp ? icmpType == 0 : ipProtocol == .icmpv6 && icmpType == 129
    }
}
