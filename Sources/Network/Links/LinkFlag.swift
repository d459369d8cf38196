/// A flag of a device beside "up": IFF_* (netdevice(7)).
public struct LinkFlag: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// No ARP, and no neighbour discovery either: frames are sent without asking for the MAC address.
    public static let noARP: Self = "noarp"
    /// Receives frames for any MAC address.
    public static let promiscuous: Self = "promisc"
    public static let allMulticast: Self = "allmulti"
    public static let pointToPoint: Self = "pointopoint"
}
