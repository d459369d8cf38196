/// The number of a routing table (RT_TABLE_*, rtnetlink(7)); prints as its name in iproute2's `rt_tables` where every
/// system has one.
public struct RoutingTable: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let unspecified: Self = 0
    public static let `default`: Self = 253
    public static let main: Self = 254
    public static let local: Self = 255

    /// One of the three that every namespace has.
    public var isBuiltIn: Bool { self == .local || self == .main || self == .default }
}

extension RoutingTable: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: UInt32) { self.init(rawValue: value) }
}

extension RoutingTable: CustomStringConvertible {
    /// `main`, `local`, `default`, or the number.
    public var description: String {
        switch self {
        case .main: "main"
        case .local: "local"
        case .default: "default"
        default: String(rawValue)
        }
    }
}
