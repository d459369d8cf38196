/// How far a neighbour's address is resolved: NUD_* (linux/neighbour.h), as ip-neighbour(8) writes it in small letters.
public struct NeighborState: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let none: Self = "none"
    /// Asked for, no reply yet.
    public static let incomplete: Self = "incomplete"
    public static let reachable: Self = "reachable"
    public static let stale: Self = "stale"
    public static let delay: Self = "delay"
    public static let probe: Self = "probe"
    /// Asked for in vain.
    public static let failed: Self = "failed"
    public static let noARP: Self = "noarp"
    public static let permanent: Self = "permanent"
}

extension NeighborState {
    /// Packets are sent to the entry's MAC address (NUD_VALID).
    public var isResolved: Bool {
        switch self {
        case .reachable, .stale, .delay, .probe, .permanent, .noARP: true
        default: false
        }
    }

    /// No MAC address is known though it was asked for.
    public var isUnresolved: Bool { self == .failed || self == .incomplete }
}
