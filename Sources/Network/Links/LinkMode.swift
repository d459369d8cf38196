/// How a device shares the one below it, or what it carries: MACVLAN_MODE_*, IPVLAN_MODE_* (linux/if_link.h) and IFF_TUN,
/// IFF_TAP (linux/if_tun.h), as `ip -d link` prints them.
public struct LinkMode: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Of a macvlan: exchanges frames with siblings in the same mode.
    public static let bridge: Self = "bridge"
    public static let `private`: Self = "private"
    public static let vepa: Self = "vepa"
    public static let passthrough: Self = "passthru"
    /// Of a macvlan: receives what the senders in `Link.sources` send.
    public static let source: Self = "source"
    public static let l2: Self = "l2"
    public static let l3: Self = "l3"
    public static let l3s: Self = "l3s"
    public static let tun: Self = "tun"
    public static let tap: Self = "tap"
}
