/// The control bits of a TCP header (RFC 9293, section 3.1), as in its fourteenth byte.
public struct TCPFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let fin = TCPFlags(rawValue: 1)
    public static let syn = TCPFlags(rawValue: 2)
    public static let rst = TCPFlags(rawValue: 4)
    public static let psh = TCPFlags(rawValue: 8)
    public static let ack = TCPFlags(rawValue: 16)
    public static let urg = TCPFlags(rawValue: 32)
    public static let ece = TCPFlags(rawValue: 64)
    public static let cwr = TCPFlags(rawValue: 128)

    /// With their names, in the order in which they are written.
    public static let named: [(flag: TCPFlags, name: String)] = [
        (.syn, "SYN"), (.fin, "FIN"), (.rst, "RST"), (.psh, "PSH"), (.ack, "ACK"), (.urg, "URG"), (.ece, "ECE"),
        (.cwr, "CWR"),
    ]

    /// `["SYN", "ACK"]`
    public var names: [String] { Self.named.filter { contains($0.flag) }.map(\.name) }

    /// Whether the segment asks for a connection: SYN without ACK.
    @inlinable public var opensConnection: Bool { contains(.syn) && !contains(.ack) }
}

extension TCPFlags: CustomStringConvertible {
    /// `SYN-ACK`; `no flags` where none is set.
    public var description: String { isEmpty ? "no flags" : names.joined(separator: "-") }
}
