/// What makes one packet of many recognisable wherever it arrives, whatever was translated on its way.
///
/// An echo request or a datagram carries it at the beginning of its payload. A SYN has no payload: there it is the initial
/// sequence number, which translations leave alone.
public struct PacketLabel: Sendable, Hashable {
    /// Among the packets that are sent together.
    public var number: UInt16

    public init(_ number: UInt16) { self.number = number }

    private static let mark: [UInt8] = [0x9d, 0x5a, 0x77, 0xc6]
    private static let sequenceMark: UInt32 = 0x9d5a

    /// Six bytes.
    public var bytes: [UInt8] { Self.mark + [UInt8(number >> 8), UInt8(number & 255)] }
    /// The initial sequence number of a TCP connection.
    public var sequence: UInt32 { Self.sequenceMark << 16 | UInt32(number) }

    /// Nil where the payload does not begin with a label.
    public init?(payload: ArraySlice<UInt8>) {
        guard payload.count >= 6, payload.prefix(4).elementsEqual(Self.mark) else { return nil }
        let start = payload.startIndex
        number = UInt16(payload[start + 4]) << 8 | UInt16(payload[start + 5])
    }

    /// Nil where it is no label.
    public init?(sequence: UInt32) {
        guard sequence >> 16 == Self.sequenceMark else { return nil }
        number = UInt16(truncatingIfNeeded: sequence)
    }

    /// `payload` with the label in front, in as many bytes; as it is where it is shorter than the label.
    func labelled(_ payload: [UInt8]) -> [UInt8] {
        payload.count < bytes.count ? payload : bytes + payload.dropFirst(bytes.count)
    }
}
