/// The flags of the TCP header's fourteenth byte (RFC 9293, section 3.1), by the names that both firewalls use.
enum TCPFlag {
    private static let names: [(name: String, bit: UInt8)] = [
        ("fin", 1), ("syn", 2), ("rst", 4), ("psh", 8), ("ack", 16), ("urg", 32), ("ecn", 64), ("cwr", 128),
    ]

    static func bits(_ name: String) -> UInt8? { names.first { $0.name == name.lowercased() }?.bit }

    /// The names of the flags that are set.
    static func names(_ bits: UInt64) -> [String] { names.filter { bits & UInt64($0.bit) != 0 }.map(\.name) }
}
