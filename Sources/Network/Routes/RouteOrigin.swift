/// Who made a route: RTPROT_* (rtnetlink(7)), with the names of iproute2's `rt_protos`.
public struct RouteOrigin: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let kernel: Self = "kernel"
    /// `ip route add` without a protocol.
    public static let boot: Self = "boot"
    public static let `static`: Self = "static"
    public static let routerAdvertisement: Self = "ra"
    public static let dhcp: Self = "dhcp"
}
