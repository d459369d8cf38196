/// What a route does with a packet: RTN_* (rtnetlink(7)), as ip-route(8) writes it.
public struct RouteKind: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let unspecified: Self = "unspec"
    public static let unicast: Self = "unicast"
    public static let local: Self = "local"
    public static let broadcast: Self = "broadcast"
    public static let anycast: Self = "anycast"
    public static let multicast: Self = "multicast"
    /// Drops silently.
    public static let blackhole: Self = "blackhole"
    /// Answers with "host unreachable".
    public static let unreachable: Self = "unreachable"
    /// Answers with "administratively prohibited".
    public static let prohibit: Self = "prohibit"
    /// Ends the lookup in this table; the next routing rule follows.
    public static let `throw`: Self = "throw"
    public static let nat: Self = "nat"
    public static let xresolve: Self = "xresolve"
}

extension RouteKind {
    /// In the order of the kernel's numbers, RTN_UNSPEC to RTN_XRESOLVE.
    private static let numbered: [Self] = [
        .unspecified, .unicast, .local, .broadcast, .anycast, .multicast, .blackhole, .unreachable, .prohibit, .throw,
        .nat, .xresolve,
    ]

    /// By the number of `rtm_type`; one that is not known here is called by its number.
    public init(code: UInt8) {
        self = Int(code) < Self.numbered.count ? Self.numbered[Int(code)] : Self(rawValue: "\(code)")
    }

    /// Refuses packets instead of sending them anywhere.
    public var isRefusal: Bool { self == .blackhole || self == .unreachable || self == .prohibit }
}
