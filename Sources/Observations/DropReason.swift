public import Network

/// Why the kernel freed a packet: `enum skb_drop_reason` (include/net/dropreason-core.h) without its prefix. The list grows
/// with each kernel; `WalkModel` knows what those of Linux 6.18 mean.
public struct DropReason: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The kernel gives no reason.
    public static let notSpecified: Self = "NOT_SPECIFIED"
    public static let netfilterDrop: Self = "NETFILTER_DROP"
    /// No neighbour replied.
    public static let neighbourFailed: Self = "NEIGH_FAILED"
    public static let packetTooBig: Self = "PKT_TOO_BIG"
    /// The frame's destination MAC address is another device's.
    public static let otherHost: Self = "OTHERHOST"
    public static let xdp: Self = "XDP"
    public static let receiveBuffer: Self = "SOCKET_RCVBUFF"
    /// A loopback address where `route_localnet` is off.
    public static let localnet: Self = "IP_LOCALNET"
}
