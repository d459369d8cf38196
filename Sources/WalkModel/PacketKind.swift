public import Wire

/// What a packet is, beside its addresses and ports. All questions of the sort "is it an echo request?" are answered
/// here and in `ICMPMessage`.
public enum PacketKind: Sendable, Hashable {
    case icmp(ICMPMessage)
    /// `payloadLength`: bytes after the transport header.
    case tcp(flags: TCPFlags, payloadLength: UInt32 = 0)
    case udp(payloadLength: UInt32)
    case sctp(payloadLength: UInt32)
    /// `operation`: 1 request, 2 reply (RFC 826). `sender`: the frame's MAC source; zero where it is not known.
    case arp(operation: UInt16, sender: MACAddress)
    /// A fragment without the transport header. `offset`: bytes from the start of the datagram's payload.
    case fragment(IPProtocol, offset: UInt16)
    /// `payloadLength`: bytes after the IP header.
    case other(IPProtocol, payloadLength: UInt32)
    /// A packet that no vantage point saw: of its headers no more is known than the protocol, and perhaps ports.
    case unseen(IPProtocol)

    /// Nil for ARP.
    public var ipProtocol: IPProtocol? {
        switch self {
        case .icmp(let message): message.ipProtocol
        case .tcp: .tcp
        case .udp: .udp
        case .sctp: .sctp
        case .arp: nil
        case .fragment(let number, _), .other(let number, _), .unseen(let number): number
        }
    }

    /// `icmp`, `tcp`, `arp`, …; `ip-proto-N` for a protocol without a name here.
    public var protocolName: String { ipProtocol?.description ?? "arp" }

    /// Of an ICMP or ICMPv6 message whose header was seen.
    public var icmp: ICMPMessage? {
        if case .icmp(let message) = self { message } else { nil }
    }

    /// Nil for anything but a TCP segment whose header was seen.
    public var tcpFlags: TCPFlags? {
        if case .tcp(let flags, _) = self { flags } else { nil }
    }

    public var isEcho: Bool { icmp?.isEcho ?? false }
    public var isEchoRequest: Bool { icmp?.isEchoRequest ?? false }
    /// A SYN without ACK.
    public var opensConnection: Bool { tcpFlags?.opensConnection ?? false }

    /// Whether whoever sends it waits for an answer: an echo request or a TCP SYN.
    public var awaitsAnswer: Bool { isEchoRequest || opensConnection }

    /// Whether the kernel sends such packets on its own account: ARP, neighbour discovery, group membership.
    public var isHousekeeping: Bool {
        switch self {
        case .arp: true
        case .icmp(let message): message.isIPv6 && !message.isEcho && !message.isError
        case .tcp, .udp, .sctp: false
        case .fragment(let number, _), .other(let number, _), .unseen(let number):
            number == .igmp || number == .icmpv6
        }
    }
}
