public import Wire

/// The protocol that a socket speaks, as `/proc/net` calls it.
public struct TransportProtocol: NamedValue {
    public let rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let tcp: Self = "tcp"
    public static let udp: Self = "udp"

    public init(_ number: IPProtocol) { self.init(rawValue: number.description) }
}
