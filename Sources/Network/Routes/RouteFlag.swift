/// A flag of a route or a next hop: RTNH_F_* (linux/rtnetlink.h).
public struct RouteFlag: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The gateway counts as reachable on the device, whatever its prefixes.
    public static let onLink: Self = "onlink"
    /// The device has no carrier.
    public static let linkDown: Self = "linkdown"
    /// The device is down; the route is not used.
    public static let dead: Self = "dead"
    public static let offload: Self = "offload"
}
