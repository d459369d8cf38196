/// IFLA_OPERSTATE (RFC 2863, `ip link` in small letters).
public struct OperationalState: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    /// Of a device whose driver does not say; it carries packets.
    public static let unknown: Self = "unknown"
    public static let notPresent: Self = "notpresent"
    public static let down: Self = "down"
    public static let lowerLayerDown: Self = "lowerlayerdown"
    public static let testing: Self = "testing"
    public static let dormant: Self = "dormant"
    public static let up: Self = "up"
}
