/// Where the spanning tree has brought a port of a bridge (BR_STATE_*, bridge(8)).
public struct BridgePortState: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let disabled: Self = "disabled"
    public static let listening: Self = "listening"
    public static let learning: Self = "learning"
    public static let forwarding: Self = "forwarding"
    public static let blocking: Self = "blocking"
}

extension BridgePortState {
    /// On its way to `forwarding`, after the bridge's forward delay.
    public var isBecomingReady: Bool { self == .listening || self == .learning }
}
