/// A flag of an address: IFA_F_* (linux/if_addr.h), as ip-address(8) writes it.
public struct AddressFlag: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// IPv4: there was an address of the same prefix before it. The kernel prefers that one as a source.
    public static let secondary: Self = "secondary"
    /// IPv6: made up for privacy (RFC 8981).
    public static let temporary: Self = "temporary"
    /// No duplicate address detection.
    public static let noDuplicateDetection: Self = "nodad"
    public static let optimistic: Self = "optimistic"
    public static let duplicate: Self = "dadfailed"
    /// Not chosen as the source of anything new where another will do (RFC 4862).
    public static let deprecated: Self = "deprecated"
    /// Duplicate address detection is not yet done: nothing is sent from it.
    public static let tentative: Self = "tentative"
    /// No route to its prefix was made.
    public static let noPrefixRoute: Self = "noprefixroute"
}
