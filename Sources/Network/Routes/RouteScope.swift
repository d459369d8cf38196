/// How far away the destination of a route, or the reach of an address, is: RT_SCOPE_* (rtnetlink(7)), with the names of
/// iproute2's `rt_scopes`.
public struct RouteScope: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// RT_SCOPE_UNIVERSE.
    public static let global: Self = "global"
    public static let site: Self = "site"
    public static let link: Self = "link"
    public static let host: Self = "host"
    public static let nowhere: Self = "nowhere"
}
